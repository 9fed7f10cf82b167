"""What unmodified Python libraries say of a token that has expired: python3 jwt_libraries.py JWKS TOKEN"""

import json
import sys
import warnings

warnings.simplefilter("ignore")

import jwt
from authlib.jose import JsonWebKey, JsonWebToken
from authlib.jose.errors import JoseError
from jose import jwt as python_jose

jwks, token = json.loads(sys.argv[1]), sys.argv[2]

# PyJWT refuses it because of iat, and accepts it without that check.
key = jwt.PyJWK(jwks["keys"][0]).key
try:
    jwt.decode(token, key, algorithms=["RS256"])
    raise AssertionError("PyJWT accepted iat in milliseconds")
except jwt.ImmatureSignatureError:
    pass
assert jwt.decode(token, key, algorithms=["RS256"], options={"verify_iat": False})["client_id"]

# Authlib decodes it; only validate refuses iat.
claims = JsonWebToken(["RS256"]).decode(token, JsonWebKey.import_key_set(jwks))
try:
    claims.validate()
    raise AssertionError("Authlib accepted iat in milliseconds")
except JoseError as error:
    assert "issued in the future" in str(error), error
claims["iat"] //= 1000
claims.validate()

# python-jose accepts it.
assert python_jose.decode(token, jwks, algorithms=["RS256"])["client_id"]

print("completed")
