-- Returns what the store knows of what a request presents.
return found
