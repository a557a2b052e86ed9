"""What `scripts/schemathesis` runs.

- `__main__`: one trial for each principal
- `node`: a node of its own, and how to talk to it
- `world`: who and what is there before a trial begins
- `hooks`: what schemathesis cannot know from a schema; loaded by it
"""
