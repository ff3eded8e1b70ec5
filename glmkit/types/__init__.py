"""Values: money, events, messages, answers, replies, errors, options, requests."""
