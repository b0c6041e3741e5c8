"""Plans, sends and checks: plan, run, session, journal, restore, clause evaluation. Knows no endpoint."""
