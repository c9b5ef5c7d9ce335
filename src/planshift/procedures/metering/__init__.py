"""How is a metered service carried? (D3)

knowing    by which rules, since when, at which tax
drawing    every day: hours counted, drawn from the prepaid balance, the rest owed
invoicing  every month: one invoice over exactly what was drawn
watching   every check: warned, blocked, unblocked
power      the machine is stopped, or started again, and the history of what counts grows
paying     top-ups, transfers between deposit and prepaid balance
ending     the service is given up
"""
