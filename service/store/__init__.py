"""What the service keeps: keys, corrections, answers to be replayed, jobs, receipts of erasure."""
