"""Mail out, mailbox in."""
