"""What may be refused to who changes the settings."""

from service.campus.preferences import SettingsChanged
from service.web.refusals.speaking import N_, Sentences, plain

SENTENCES: Sentences = {
    SettingsChanged: plain(
        N_("Somebody else has changed the settings meanwhile"),
        N_("Nothing of yours is saved yet. Each field that they changed says so; what you typed stays."),
        N_("Look at these fields, then save again."),
    ),
}
