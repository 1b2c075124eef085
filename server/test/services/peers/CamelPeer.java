import ca.uhn.hl7v2.model.Message;
import ca.uhn.hl7v2.util.Terser;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Arrays;
import java.util.Base64;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.component.hl7.HL7DataFormat;
import org.apache.camel.component.mllp.MllpAcknowledgementException;
import org.apache.camel.component.mllp.MllpConstants;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.support.jsse.SSLContextParameters;

/**
 * Peer Apache Camel, camel-mllp with camel-hl7. Messages stand one a line in FILE, CR between their segments. send PORT FILE: one behind the
 * other, an MSA line for each. receive PORT: prints PID-3 of what comes and acknowledges. CA,CERT,KEY of PEM files in front: both over TLS.
 */
public class CamelPeer {
  static final CamelContext CONTEXT = new DefaultCamelContext();

  public static void main(String[] args) throws Exception {
    String secure = "";
    if (args[0].contains(",")) {
      CONTEXT.getRegistry().bind("tls", new OwnTls(args[0].split(",")));
      secure = "&sslContextParameters=#tls";
      args = Arrays.copyOfRange(args, 1, args.length);
    }
    String address = "mllp:127.0.0.1:" + args[1] + "?charsetName=UTF-8" + secure;
    if (args[0].equals("send")) send(address, Files.readString(Path.of(args[2])).split("\n"));
    else receive(address);
  }

  static void send(String address, String[] lines) throws Exception {
    CONTEXT.start();
    var template = CONTEXT.createProducerTemplate();
    for (String line : lines) {
      Exchange exchange = template.request(address, sent -> sent.getMessage().setBody(line.replaceAll("\r?$", "\r")));
      var problem = exchange.getException();
      if (problem instanceof MllpAcknowledgementException refused && refused.getHl7AcknowledgementBytes() != null)
        System.out.println(msaOf(new String(refused.getHl7AcknowledgementBytes(), StandardCharsets.UTF_8)));
      else if (problem != null) System.out.println(problem);
      else System.out.println(msaOf(exchange.getMessage().getHeader(MllpConstants.MLLP_ACKNOWLEDGEMENT_STRING, String.class)));
    }
    CONTEXT.stop();
    System.exit(0);
  }

  static String msaOf(String answer) {
    for (String segment : answer.split("\r"))
      if (segment.startsWith("MSA|")) return segment.split("\\|")[1] + " " + segment.split("\\|")[2];
    return answer;
  }

  static void receive(String address) throws Exception {
    CONTEXT.addRoutes(new RouteBuilder() {
      @Override
      public void configure() {
        from(address).unmarshal(new HL7DataFormat()).process(exchange -> {
          System.out.println(new Terser(exchange.getMessage().getBody(Message.class)).get("/PID-3-1"));
        });
      }
    });
    CONTEXT.start();
    System.out.println("ready");
    Thread.currentThread().join();
  }

  /** Trusts one authority, and shows a certificate of its own. */
  static class OwnTls extends SSLContextParameters {
    final String[] files;

    OwnTls(String[] files) {
      this.files = files;
    }

    @Override
    public SSLContext createSSLContext(CamelContext context) throws java.security.GeneralSecurityException, IOException {
      KeyStore trusted = KeyStore.getInstance("PKCS12");
      trusted.load(null, null);
      trusted.setCertificateEntry("ca", certificate(files[0]));
      KeyStore own = KeyStore.getInstance("PKCS12");
      own.load(null, null);
      var key = new PKCS8EncodedKeySpec(Base64.getMimeDecoder().decode(Files.readString(Path.of(files[2])).replaceAll("-----[A-Z ]+-----", "")));
      var algorithm = certificate(files[1]).getPublicKey().getAlgorithm();
      own.setKeyEntry("own", KeyFactory.getInstance(algorithm).generatePrivate(key), new char[0], new Certificate[] {certificate(files[1])});
      var trust = TrustManagerFactory.getInstance("PKIX");
      trust.init(trusted);
      var keys = KeyManagerFactory.getInstance("PKIX");
      keys.init(own, new char[0]);
      SSLContext tls = SSLContext.getInstance("TLS");
      tls.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
      return tls;
    }

    static Certificate certificate(String file) throws java.security.GeneralSecurityException, IOException {
      return CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(Files.readAllBytes(Path.of(file))));
    }
  }
}
