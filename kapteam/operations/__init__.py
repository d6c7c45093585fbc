"""What keeps a practice's data safe, besides its clinicians: backups, restoring, moving."""
