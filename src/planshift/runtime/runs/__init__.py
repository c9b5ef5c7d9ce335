"""What happens next, even if we crash? Procedures as rows: each step commits together with the advance of its run.

Names for other packages; how it works is in the modules: outcomes (what a step says), definitions (which steps),
starting (start and signal), waking (who hears of it), claiming (who may), stepping (one step), working (the loop),
schedules, pruning, controls, queries.
"""

from planshift.runtime.runs import queries as queries
from planshift.runtime.runs.controls import cancel as cancel
from planshift.runtime.runs.controls import retry as retry
from planshift.runtime.runs.controls import skip as skip
from planshift.runtime.runs.definitions import Retries as Retries
from planshift.runtime.runs.definitions import Step as Step
from planshift.runtime.runs.definitions import Work as Work
from planshift.runtime.runs.definitions import define as define
from planshift.runtime.runs.definitions import external as external
from planshift.runtime.runs.outcomes import Done as Done
from planshift.runtime.runs.outcomes import Go as Go
from planshift.runtime.runs.outcomes import Outcome as Outcome
from planshift.runtime.runs.outcomes import Retry as Retry
from planshift.runtime.runs.outcomes import Stuck as Stuck
from planshift.runtime.runs.outcomes import Wait as Wait
from planshift.runtime.runs.pruning import KEEP_DAYS as KEEP_DAYS
from planshift.runtime.runs.pruning import prunable as prunable
from planshift.runtime.runs.pruning import prune as prune
from planshift.runtime.runs.schedules import every as every
from planshift.runtime.runs.starting import signal as signal
from planshift.runtime.runs.starting import signal_many as signal_many
from planshift.runtime.runs.starting import start as start
from planshift.runtime.runs.starting import start_many as start_many
from planshift.runtime.runs.starting import start_new as start_new
from planshift.runtime.runs.starting import start_waiting as start_waiting
from planshift.runtime.runs.working import drain as drain
