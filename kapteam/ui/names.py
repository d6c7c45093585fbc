"""How a client is named on a screen: one function, which takes the viewer."""

from kapteam import wording
from kapteam.queries.standing import ClientName
from kapteam.rules.permissions import Viewer
from kapteam.vocabulary import Audience


def client_name(viewer: Viewer, client: ClientName) -> str:
    """The client's name as this screen may show it; with others in the room initials and code."""
    if viewer.audience is Audience.OTHERS:
        return f"{wording.initials(client.family, client.given)} {client.code}"
    return wording.full_name(client.family, client.given, client.preferred)
