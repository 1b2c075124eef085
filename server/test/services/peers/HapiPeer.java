import ca.uhn.hl7v2.DefaultHapiContext;
import ca.uhn.hl7v2.HL7Exception;
import ca.uhn.hl7v2.app.Connection;
import ca.uhn.hl7v2.llp.MinLLPReader;
import ca.uhn.hl7v2.llp.MinLLPWriter;
import ca.uhn.hl7v2.llp.MinLowerLayerProtocol;
import ca.uhn.hl7v2.model.Message;
import ca.uhn.hl7v2.parser.PipeParser;
import ca.uhn.hl7v2.parser.UnexpectedSegmentBehaviourEnum;
import ca.uhn.hl7v2.protocol.ReceivingApplication;
import ca.uhn.hl7v2.util.Hl7InputStreamMessageStringIterator;
import ca.uhn.hl7v2.util.StandardSocketFactory;
import ca.uhn.hl7v2.util.Terser;
import ca.uhn.hl7v2.validation.impl.ValidationContextFactory;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Peer HAPI HL7v2, whose parser validates whatever it reads. Messages stand one a line in FILE, CR between their segments.
 * send PORT FILE: one behind the other, an MSA line for each. pipeline PORT FILE: several at once, cut at random places.
 * batch PORT FILE: all in one batch. check FILE: reads them only. receive PORT: prints PID-3 of what comes and acknowledges.
 */
public class HapiPeer {
  static final DefaultHapiContext CONTEXT = new DefaultHapiContext(ValidationContextFactory.defaultValidation());
  static final int AT_ONCE = 8;

  public static void main(String[] args) throws Exception {
    // The character set of MSH-18 instead of that of the machine.
    CONTEXT.setLowerLayerProtocol(new MinLowerLayerProtocol(true));
    CONTEXT.getParserConfiguration().setUnexpectedSegmentBehaviour(UnexpectedSegmentBehaviourEnum.THROW_HL7_EXCEPTION);
    switch (args[0]) {
      case "send" -> send(port(args), linesOf(args[2]), 1);
      case "pipeline" -> {
        CONTEXT.setSocketFactory(new Cutting());
        send(port(args), linesOf(args[2]), AT_ONCE);
      }
      case "batch" -> batch(port(args), linesOf(args[2]));
      case "check" -> check(linesOf(args[1]));
      default -> receive(port(args));
    }
  }

  static int port(String[] args) {
    return Integer.parseInt(args[1]);
  }

  static String[] linesOf(String file) throws IOException {
    return Files.readString(Path.of(file)).split("\n");
  }

  /** A line holds the messages that must come one behind the other, with tabs between them. */
  static void send(int port, String[] lines, int atOnce) throws Exception {
    var parser = new OneAtATime();
    var protocol = CONTEXT.getLowerLayerProtocol();
    Connection connection =
        CONTEXT.getConnectionHub().attach("127.0.0.1", port, parser, protocol, false, CONTEXT.getSocketFactory());
    var threads = Executors.newFixedThreadPool(atOnce);
    var answers = new ArrayList<Future<String>>();
    for (String line : lines) answers.add(threads.submit(() -> told(connection, parser, line)));
    for (var answer : answers) System.out.println(answer.get());
    connection.close();
    System.exit(0);
  }

  static String told(Connection connection, PipeParser parser, String line) {
    var answers = new ArrayList<String>();
    for (String text : line.split("\t")) {
      try {
        answers.add(msaOf(connection.getInitiator().sendAndReceive(parser.parse(text))));
      } catch (Exception problem) {
        answers.add(problem.getMessage() + " " + text.substring(0, 80));
      }
    }
    return String.join("\n", answers);
  }

  static String msaOf(Message answer) throws Exception {
    Terser terser = new Terser(answer);
    return terser.get("/MSA-1") + " " + terser.get("/MSA-2");
  }

  static void batch(int port, String[] lines) throws Exception {
    var text = new StringBuilder("FHS|^~\\&|HAPI\rBHS|^~\\&|HAPI|||||||B1\r");
    for (String line : lines) text.append(line).append('\r');
    text.append("BTS|").append(lines.length).append("\rFTS|1\r");
    try (Socket socket = new Socket("127.0.0.1", port)) {
      new MinLLPWriter(socket.getOutputStream(), StandardCharsets.UTF_8).writeMessage(text.toString());
      String answer = new MinLLPReader(socket.getInputStream(), StandardCharsets.UTF_8).getMessage();
      // The iterator takes the trailers for segments of the last message.
      var bytes = answer.replaceAll("(BTS|FTS)[^\r]*\r?", "").getBytes(StandardCharsets.UTF_8);
      var each = new Hl7InputStreamMessageStringIterator(new ByteArrayInputStream(bytes));
      while (each.hasNext()) System.out.println(msaOf(CONTEXT.getPipeParser().parse(each.next())));
    }
    System.exit(0);
  }

  static void check(String[] lines) {
    for (String line : lines) {
      try {
        CONTEXT.getPipeParser().parse(line);
        System.out.println("sound");
      } catch (Exception problem) {
        System.out.println(problem.getMessage());
      }
    }
    System.exit(0);
  }

  static void receive(int port) throws Exception {
    var server = CONTEXT.newServer(port, false);
    server.registerApplication(new ReceivingApplication<Message>() {
      public boolean canProcess(Message message) {
        return true;
      }

      public Message processMessage(Message message, Map<String, Object> meta) {
        try {
          System.out.println(new Terser(message).get("/PID-3-1"));
          return message.generateACK();
        } catch (Exception problem) {
          throw new IllegalStateException(problem);
        }
      }
    });
    server.startAndWait();
    System.out.println("ready");
  }

  /** The parser keeps the structures that it has met in a plain map, and fails when two threads meet one at once. */
  static class OneAtATime extends PipeParser {
    OneAtATime() {
      super(CONTEXT);
    }

    @Override
    protected synchronized Message doParse(String text, String version) throws HL7Exception {
      return super.doParse(text, version);
    }
  }

  /** Sockets that write in small pieces of random length. */
  static class Cutting extends StandardSocketFactory {
    @Override
    public Socket createSocket() throws IOException {
      var random = new Random(7);
      Socket socket = new Socket() {
        @Override
        public OutputStream getOutputStream() throws IOException {
          OutputStream whole = super.getOutputStream();
          return new OutputStream() {
            @Override
            public void write(int one) throws IOException {
              whole.write(one);
            }

            @Override
            public void write(byte[] bytes, int from, int length) throws IOException {
              for (int at = 0; at < length; ) {
                int piece = Math.min(1 + random.nextInt(40), length - at);
                whole.write(bytes, from + at, piece);
                whole.flush();
                at += piece;
              }
            }
          };
        }
      };
      socket.setTcpNoDelay(true);
      return socket;
    }
  }
}
