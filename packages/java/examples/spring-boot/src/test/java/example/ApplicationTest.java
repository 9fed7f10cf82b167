package example;

import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.startsWith;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.get;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.content;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.header;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.redirectedUrl;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.status;

import io.github.smartpayoauthmock.Endpoint;
import io.github.smartpayoauthmock.Scenario;
import io.github.smartpayoauthmock.junit.SmartpayMockExtension;
import jakarta.servlet.ServletException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.autoconfigure.web.servlet.AutoConfigureMockMvc;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.mock.web.MockHttpSession;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;
import org.springframework.test.web.servlet.MockMvc;

/** The application with the mock in place of the real server. */
@SpringBootTest
@AutoConfigureMockMvc
class ApplicationTest {
  @RegisterExtension
  static final SmartpayMockExtension SMARTPAY =
      SmartpayMockExtension.builder()
          .fixtures(
              """
              extends: default
              settings:
                dialect: rfc6749             # a standard server, for Spring Security
                consent: allow               # without the page that a merchant sees
                access_token_lifetime: 30s   # Spring Security refreshes a minute before the end
              clients:
                - id: my-app
                  secret: my-secret
                  redirect_urls: [http://localhost/authorize/oauth2/code/smartpay]
              """)
          .build();

  @Autowired private MockMvc application;
  private final MockHttpSession session = new MockHttpSession();

  @DynamicPropertySource
  static void smartpay(DynamicPropertyRegistry registry) {
    registry.add("smartpay.url", () -> SMARTPAY.mock().baseUrl());
  }

  @Test
  void theMerchantConsentsAndTheApplicationPays() throws Exception {
    consent();
    application
        .perform(get("/pay").session(session))
        .andExpect(status().isOk())
        .andExpect(content().string(containsString("AUTHORIZED")));

    SMARTPAY
        .mock()
        .verifyOrder(
            request -> request.endpoint(Endpoint.AUTHORIZE),
            request -> request.grantType("authorization_code").status(200),
            request -> request.grantType("refresh_token").status(200),
            request -> request.endpoint(Endpoint.RESOURCE).status(201));
  }

  @Test
  void theApplicationAsksForConsentAgainAfterItWasRevoked() throws Exception {
    consent();
    SMARTPAY
        .mock()
        .inject(
            Scenario.error("invalid_grant")
                .when(token -> token.grantType("refresh_token"))
                .times(1))
        .expect(1);

    // Spring Security forgets the tokens.
    assertThrows(ServletException.class, () -> application.perform(get("/pay").session(session)));
    application
        .perform(get("/pay").session(session))
        .andExpect(header().string("location", startsWith(authorizeUrl())));
  }

  private static String authorizeUrl() {
    return SMARTPAY.mock().baseUrl() + "/oauth2/v3/authorize";
  }

  /** Does what the merchant's browser does. */
  private void consent() throws Exception {
    String authorize =
        application
            .perform(get("/pay").session(session))
            .andExpect(status().is3xxRedirection())
            .andReturn()
            .getResponse()
            .getRedirectedUrl();
    HttpRequest browser = HttpRequest.newBuilder(URI.create(authorize)).build();
    String callback =
        HttpClient.newHttpClient()
            .send(browser, BodyHandlers.discarding())
            .headers()
            .firstValue("location")
            .orElseThrow();
    application
        .perform(get(URI.create(callback)).session(session))
        .andExpect(redirectedUrl("http://localhost/pay?continue"));
  }
}
