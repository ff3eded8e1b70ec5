"""One HTTP exchange: connections, the limiter, retries and the background loop."""
