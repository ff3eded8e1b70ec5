"""Record and replay: a file beside the notebook that holds its answers."""

from glmkit.cassette.decks import FILE as FILE
from glmkit.cassette.decks import Deck as Deck
from glmkit.cassette.decks import Tape as Tape
from glmkit.cassette.decks import check_online as check_online
from glmkit.cassette.decks import deck as deck
from glmkit.cassette.decks import settle_at as settle_at
from glmkit.cassette.decks import switch as switch
from glmkit.cassette.decks import switched as switched
from glmkit.cassette.decks import tape as tape
from glmkit.cassette.file import Cassette as Cassette
from glmkit.cassette.lines import Recording as Recording
from glmkit.cassette.lines import key_of as key_of
from glmkit.cassette.modes import MODES as MODES
from glmkit.cassette.modes import Mode as Mode
from glmkit.cassette.modes import asking_again as asking_again
from glmkit.cassette.modes import begin_run as begin_run
from glmkit.cassette.modes import for_this as for_this
from glmkit.cassette.modes import forced as forced
from glmkit.cassette.modes import mode_of as mode_of
