package io.github.smartpayoauthmock.internal;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.Collection;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads certificates and keys in PEM, which Java has no method for. */
final class Pem {
  private static final Pattern KEY =
      Pattern.compile("-----BEGIN PRIVATE KEY-----([^-]+)-----END PRIVATE KEY-----");

  private Pem() {}

  /** Returns the certificates of a text. */
  static Collection<? extends Certificate> certificates(String pem) throws CertificateException {
    byte[] bytes = pem.getBytes(StandardCharsets.US_ASCII);
    return CertificateFactory.getInstance("X.509")
        .generateCertificates(new ByteArrayInputStream(bytes));
  }

  /** Returns the private key of a text (PKCS #8). */
  static PrivateKey key(String pem) throws GeneralSecurityException {
    Matcher block = KEY.matcher(pem);
    if (!block.find()) {
      throw new InvalidKeySpecException("there is no PEM block PRIVATE KEY (PKCS #8)");
    }
    byte[] bytes = Base64.getMimeDecoder().decode(block.group(1));
    PKCS8EncodedKeySpec spec = new PKCS8EncodedKeySpec(bytes);

    InvalidKeySpecException error = new InvalidKeySpecException("neither EC, RSA nor EdDSA");
    for (String algorithm : List.of("EC", "RSA", "EdDSA")) {
      try {
        return KeyFactory.getInstance(algorithm).generatePrivate(spec);
      } catch (InvalidKeySpecException e) {
        error.addSuppressed(e);
      }
    }
    throw error;
  }
}
