"""The pages as people see them: a real Chromium, asked by Playwright, in front of a real server."""
