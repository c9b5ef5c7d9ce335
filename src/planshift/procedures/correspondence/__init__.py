"""What do we write to clients about what happened?

    letters (a schedule, every minute) → what is new since last time → occasions (is there anything to say?) → wording

A letter is never written inside the procedure that it tells of: a renewal run of 300,000 services does not wait for it,
and what was settled a moment later (paid from the deposit by itself, carried out at once) is told in one letter, not in
three. The letters that a procedure waits for (asking for acceptance, D7) are the procedure's own.
"""
