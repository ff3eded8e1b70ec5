"""HTTP transport: connections, the limiter, retries and the background loop."""
