package example;

import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;
import org.springframework.security.config.Customizer;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.oauth2.client.OAuth2AuthorizedClient;
import org.springframework.security.oauth2.client.annotation.RegisteredOAuth2AuthorizedClient;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.client.RestClient;

/** An application that asks a merchant for consent, and then pays. */
@SpringBootApplication
@RestController
public class Application {
  private final RestClient smartpay;

  Application(@Value("${smartpay.url}") String url, RestClient.Builder builder) {
    smartpay = builder.baseUrl(url).build();
  }

  public static void main(String[] arguments) {
    SpringApplication.run(Application.class, arguments);
  }

  @Bean
  SecurityFilterChain security(HttpSecurity http) throws Exception {
    return http.authorizeHttpRequests(requests -> requests.anyRequest().permitAll())
        .oauth2Client(Customizer.withDefaults())
        .build();
  }

  /** Pays. Without tokens, Spring Security redirects to the consent page first. */
  @GetMapping("/pay")
  String pay(@RegisteredOAuth2AuthorizedClient("smartpay") OAuth2AuthorizedClient client) {
    return smartpay
        .post()
        .uri("/pts/v2/payments")
        .headers(headers -> headers.setBearerAuth(client.getAccessToken().getTokenValue()))
        .body("{}")
        .retrieve()
        .body(String.class);
  }
}
