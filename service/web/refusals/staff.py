"""What may be refused to the staff when they sign in, and to who changes the staff."""

from service.edge.loading import NotAllowed, NotSignedIn
from service.people.sessions import UnknownSession
from service.people.sign_in import OtherBrowser, WayInOver, WrongCode
from service.people.staff import AlreadyStaff, LastAdmin, UnknownPerson
from service.web.refusals.speaking import N_, Sentences, plain

SENTENCES: Sentences = {
    WayInOver: plain(
        N_("This way in is over"),
        N_("It was used, it is older than ten minutes, or its code was mistyped five times."),
        N_("Ask for a new e-mail."),
        410,
    ),
    WrongCode: plain(
        N_("This is not the code"),
        N_("Only the code of the last e-mail works, and you have five tries."),
        N_("Look at it again, then type it once more."),
        422,
    ),
    OtherBrowser: plain(
        N_("Another browser asked for this e-mail"),
        N_("The link alone opens the office only there."),
        N_("Type the code of the e-mail here, or go back to that browser."),
    ),
    UnknownSession: plain(
        N_("This session is over"),
        N_("It has ended, or was never yours."),
        N_("Look at the sessions that you have."),
        404,
    ),
    NotSignedIn: plain(
        N_("Please sign in"),
        N_("This page is for the staff of the campus. If you were signed in, your session is over."),
        N_("Nothing was changed: sign in, then do it again."),
        401,
    ),
    NotAllowed: plain(
        N_("Not with your role"),
        N_("You are signed in, but your role does not reach this page."),
        N_("Ask an administrator of the campus."),
        403,
    ),
    UnknownPerson: plain(
        N_("We do not know this person"),
        N_("Nobody of the staff stands under this address."),
        N_("Look at the list of the staff."),
        404,
    ),
    AlreadyStaff: plain(
        N_("Already there"),
        N_("Somebody signs in with this address already. Nothing was changed."),
        N_("Change their role instead, or add another address."),
    ),
    LastAdmin: plain(
        N_("The last administrator stays"),
        N_("Nobody else could change the staff any more. Nothing was changed."),
        N_("Make somebody else an administrator first."),
    ),
}
