"""Record and replay: a file beside the notebook that holds its answers."""

from glmkit.client.replay.calls import CassetteCall as CassetteCall
from glmkit.client.replay.cassettes import (
    FILE as FILE,
    cassette_call as cassette_call,
    cassette_session as cassette_session,
    check_online as check_online,
    recorded as recorded,
    settle_at as settle_at,
    switch as switch,
    switched as switched,
)
from glmkit.client.replay.file import Cassette as Cassette
from glmkit.client.replay.lines import Recording as Recording, key_of as key_of
from glmkit.client.replay.modes import (
    MODES as MODES,
    Mode as Mode,
    asking_again as asking_again,
    begin_run as begin_run,
    for_this as for_this,
    forced as forced,
    mode_of as mode_of,
)
from glmkit.client.replay.ranks import RANKS as RANKS, Rank as Rank
from glmkit.client.replay.sessions import CassetteSession as CassetteSession
