-- Returns what the store knows of what a request presents.
return { code, grant_of_code, literal, token, grant_of_token }
