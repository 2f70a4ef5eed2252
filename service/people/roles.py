"""What each role is called, and what it may."""

from service import i18n


def called(role: str, language: str) -> str:
    """The role in a word."""
    words = i18n.translations(language)
    return {
        "admin": words.pgettext("role", "Administrator"),
        "organiser": words.pgettext("role", "Organiser"),
        "reader": words.pgettext("role", "Reader"),
        "door": words.pgettext("role", "Door"),
    }[role]


def may(role: str, language: str) -> str:
    """What the role opens, in a sentence."""
    words = i18n.translations(language)
    return {
        "admin": words.gettext("Everything, with the staff and the settings."),
        "organiser": words.gettext("All events and all bookings."),
        "reader": words.gettext("Lists and attendance sheets, without e-mail addresses."),
        "door": words.gettext("Check-in, at the slots that an organiser names."),
    }[role]
