import ca.uhn.hl7v2.DefaultHapiContext;
import ca.uhn.hl7v2.app.Connection;
import ca.uhn.hl7v2.llp.MinLowerLayerProtocol;
import ca.uhn.hl7v2.model.Message;
import ca.uhn.hl7v2.protocol.ReceivingApplication;
import ca.uhn.hl7v2.util.Terser;
import ca.uhn.hl7v2.validation.impl.ValidationContextFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** Peer HAPI HL7v2. send PORT FILE: one MSA line for each message. receive PORT: prints PID-3 of what comes and acknowledges. */
public class HapiPeer {
  public static void main(String[] args) throws Exception {
    var context = new DefaultHapiContext(ValidationContextFactory.defaultValidation());
    // The character set of MSH-18 instead of that of the machine.
    context.setLowerLayerProtocol(new MinLowerLayerProtocol(true));
    int port = Integer.parseInt(args[1]);
    if (args[0].equals("send")) send(context, port, args[2]);
    else receive(context, port);
  }

  static void send(DefaultHapiContext context, int port, String file) throws Exception {
    Connection connection = context.newClient("127.0.0.1", port, false);
    for (String text : Files.readString(Path.of(file)).split("\n")) {
      Message answer = connection.getInitiator().sendAndReceive(context.getPipeParser().parse(text));
      Terser terser = new Terser(answer);
      System.out.println(terser.get("/MSA-1") + " " + terser.get("/MSA-2"));
    }
    connection.close();
    context.close();
    System.exit(0);
  }

  static void receive(DefaultHapiContext context, int port) throws Exception {
    var server = context.newServer(port, false);
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
}
