"""The tables of a replication as they are when it begins, or goes on from where it was stopped."""

from sim.compilation import kernel
from sim.engine.compiled.state import EVENTS


@kernel
def begin_tables(s):
    """Nothing has been counted yet, or what had been when it was stopped."""
    for place in range(len(s.counters)):
        s.counters[place] = 0
    for h in range(len(s.hamlets)):
        hamlet = s.hamlets[h]
        s.hamlets[h] = s.hamlets_then[h]
        hamlet["base_group"], hamlet["group"] = s.base_groups[h], s.groups_then[h]
    if s.from_month == 0:
        begin_anew(s)
    else:
        count_on(s)


@kernel
def begin_anew(s):
    """Everything that is counted is nothing, and targets pull as usual."""
    for year in range(len(s.panel)):
        for h in range(len(s.hamlets)):
            for field in range(s.panel.shape[2]):
                s.panel[year, h, field] = 0
    for year in range(len(s.posting_months)):
        s.posting_months[year] = 0
        for bit in range(s.adaptive):
            s.lever_months[bit, year] = 0
    for target in range(len(s.admitted)):
        s.admitted[target], s.target_pull[target] = 0, 1.0
    for pool in range(len(s.pool_used)):
        s.pool_used[pool] = 0


@kernel
def count_on(s):
    """Everything that is counted is as it was then, and the log begins with what had happened."""
    for year in range(len(s.panel)):
        for h in range(len(s.hamlets)):
            for field in range(s.panel.shape[2]):
                s.panel[year, h, field] = s.panel_then[year, h, field]
    for year in range(len(s.posting_months)):
        s.posting_months[year] = s.posting_months_then[year]
        for bit in range(s.adaptive):
            s.lever_months[bit, year] = s.lever_months_then[bit, year]
    for target in range(len(s.admitted)):
        s.admitted[target] = s.admitted_then[target]
        s.target_pull[target] = s.target_pull_then[target]
    for pool in range(len(s.pool_used)):
        s.pool_used[pool] = s.pool_used_then[pool]
    s.counters[EVENTS] = len(s.log_day_then)
    for i in range(min(len(s.log_day_then), len(s.log_day))):
        s.log_day[i], s.log_person[i] = s.log_day_then[i], s.log_person_then[i]
        s.log_hamlet[i], s.log_phase[i] = s.log_hamlet_then[i], s.log_phase_then[i]
        s.log_kind[i], s.log_cause[i] = s.log_kind_then[i], s.log_cause_then[i]
