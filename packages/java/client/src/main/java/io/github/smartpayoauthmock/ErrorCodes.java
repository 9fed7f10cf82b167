package io.github.smartpayoauthmock;

/** The documented error codes. A scenario may respond with any other code, too. */
public final class ErrorCodes {
  /** The request is malformed, or its code or refresh token is invalid. */
  public static final String INVALID_REQUEST = "invalid_request";

  /** The scope is malformed, unknown, or more than was granted. */
  public static final String INVALID_SCOPE = "invalid_scope";

  /** The redirect URL is not the one of the code. */
  public static final String INVALID_REDIRECT_URI = "invalid_redirect_uri";

  /** The client is not confidential. */
  public static final String INVALID_CLIENT_TYPE = "invalid_client_type";

  /** The client's secret or certificate is wrong. */
  public static final String INVALID_CLIENT = "invalid_client";

  /** The client may not use this grant type. */
  public static final String UNAUTHORIZED_CLIENT = "unauthorized_client";

  /** The client is not registered. */
  public static final String CLIENT_NOT_FOUND = "client_not_found";

  /** The merchant has revoked the grant, or the refresh token has expired. */
  public static final String ACCESS_DENIED = "access_denied";

  /** The merchant's account is not active. */
  public static final String MERCHANT_NOT_ACTIVE = "merchant_not_active";

  /** The client is not active. */
  public static final String CLIENT_NOT_ACTIVE = "client_not_active";

  /** The server has failed. */
  public static final String SERVER_ERROR = "server_error";

  private ErrorCodes() {}
}
