"""Who is this: passwords, signed-in browsers, set-up and invitations. Knows no web framework."""
