package example;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import Api.OAuthApi;
import Api.PaymentsApi;
import Invokers.ApiClient;
import Invokers.ApiException;
import Invokers.ApiResponse;
import Model.AccessTokenResponse;
import Model.CreateAccessTokenRequest;
import Model.CreatePaymentRequest;
import Model.PtsV2PaymentsPost201Response;
import Model.Ptsv2paymentsClientReferenceInformation;
import com.cybersource.authsdk.core.MerchantConfig;
import io.github.smartpayoauthmock.ClientAuth;
import io.github.smartpayoauthmock.ClientCertificate;
import io.github.smartpayoauthmock.ErrorCodes;
import io.github.smartpayoauthmock.RecordedRequest;
import io.github.smartpayoauthmock.Scenario;
import io.github.smartpayoauthmock.SmartpayMock;
import io.github.smartpayoauthmock.junit.SmartpayMockTest;
import java.util.Optional;
import java.util.Properties;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** A payment with the vendor's SDK: a code, a refresh that is tried again, and the API. */
@SmartpayMockTest(tls = true, clientAuth = ClientAuth.REQUIRED)
class VendorSdkTest {
  @Test
  void aPaymentWithTokensThatAreRefreshedAfterAnError(SmartpayMock mock) throws Exception {
    AccessTokenResponse tokens =
        new OAuthApi(client(mock, "MUTUAL_AUTH", null))
            .postAccessTokenFromAuthCode(
                request(mock, "authorization_code").code(mock.issueCode()));

    // The code under test tries again after a server_error.
    mock.inject(
            Scenario.error(ErrorCodes.SERVER_ERROR)
                .when(token -> token.grantType("refresh_token"))
                .times(1))
        .expect(1);
    ApiException failure = assertThrows(ApiException.class, () -> refresh(mock, tokens));
    assertEquals(500, failure.getCode());
    AccessTokenResponse refreshed = refresh(mock, tokens);

    CreatePaymentRequest payment =
        new CreatePaymentRequest()
            .clientReferenceInformation(new Ptsv2paymentsClientReferenceInformation().code("test"));
    ApiResponse<PtsV2PaymentsPost201Response> paid =
        new PaymentsApi(client(mock, "OAuth", refreshed)).createPaymentWithHttpInfo(payment);
    assertEquals(201, paid.getStatusCode());
    assertEquals("AUTHORIZED", paid.getData().getStatus());

    mock.verifyOrder(
        request -> request.grantType("authorization_code").status(200),
        request -> request.grantType("refresh_token").error("server_error"),
        request -> request.grantType("refresh_token").status(200),
        request -> request.path("/pts/v2/payments").status(201));
    for (RecordedRequest request : mock.requests()) {
      assertEquals(Optional.of("my-company"), request.certificate());
    }
  }

  private static AccessTokenResponse refresh(SmartpayMock mock, AccessTokenResponse tokens)
      throws Exception {
    return new OAuthApi(client(mock, "MUTUAL_AUTH", null))
        .postAccessTokenFromRefreshToken(
            request(mock, "refresh_token").refreshToken(tokens.getRefreshToken()));
  }

  private static CreateAccessTokenRequest request(SmartpayMock mock, String grantType) {
    return new CreateAccessTokenRequest()
        .clientId(mock.clientId())
        .clientSecret(mock.clientSecret())
        .grantType(grantType);
  }

  /** Returns a client of the SDK that is configured for the mock. */
  private static ApiClient client(
      SmartpayMock mock, String authenticationType, AccessTokenResponse tokens) throws Exception {
    ClientCertificate certificate = mock.clientCertificate("my-company");
    Properties properties = new Properties();
    properties.setProperty("authenticationType", authenticationType);
    properties.setProperty("runEnvironment", mock.baseUrl().getAuthority());
    properties.setProperty("enableClientCert", "true");
    properties.setProperty(
        "clientCertDirectory", certificate.keyStoreFile().getParent().toString());
    properties.setProperty("clientCertFile", certificate.keyStoreFile().getFileName().toString());
    properties.setProperty("clientCertPassword", certificate.password());
    properties.setProperty("clientId", mock.clientId());
    properties.setProperty("clientSecret", mock.clientSecret());
    properties.setProperty("merchantID", mock.merchantId());
    if (tokens != null) {
      properties.setProperty("accessToken", tokens.getAccessToken());
      properties.setProperty("refreshToken", tokens.getRefreshToken());
    }

    ApiClient client = new ApiClient();
    client.merchantConfig = new MerchantConfig(properties);
    client.addDefaultHeader("v-c-client-correlation-id", UUID.randomUUID().toString());
    return client;
  }
}
