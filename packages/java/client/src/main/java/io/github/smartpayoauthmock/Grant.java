package io.github.smartpayoauthmock;

import io.github.smartpayoauthmock.internal.Json;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * What a merchant has consented to.
 *
 * @param id the ID, for {@link SmartpayMock#revokeGrant}
 * @param clientId the client
 * @param merchantId the merchant
 * @param scopes the scopes
 * @param grantedAt the time of the consent, by the realm's clock
 * @param isRevoked whether the grant was revoked
 */
public record Grant(
    String id,
    String clientId,
    String merchantId,
    List<String> scopes,
    Instant grantedAt,
    boolean isRevoked) {

  static Grant of(Map<String, Object> grant) {
    return new Grant(
        Json.text(grant, "id"),
        Json.text(grant, "client_id"),
        Json.text(grant, "merchant_id"),
        Json.texts(grant, "scopes"),
        Instant.parse(Json.text(grant, "granted_at")),
        Boolean.TRUE.equals(grant.get("revoked")));
  }
}
