import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.DefaultProfileValidationSupport;
import ca.uhn.fhir.parser.StrictErrorHandler;
import ca.uhn.fhir.rest.api.PreferReturnEnum;
import ca.uhn.fhir.rest.api.SearchStyleEnum;
import ca.uhn.fhir.rest.api.SearchTotalModeEnum;
import ca.uhn.fhir.rest.api.SummaryEnum;
import ca.uhn.fhir.rest.client.api.IGenericClient;
import ca.uhn.fhir.rest.client.interceptor.BearerTokenAuthInterceptor;
import ca.uhn.fhir.rest.gclient.IQuery;
import ca.uhn.fhir.rest.gclient.StringClientParam;
import ca.uhn.fhir.rest.server.exceptions.BaseServerResponseException;
import ca.uhn.fhir.validation.FhirValidator;
import ca.uhn.fhir.validation.ResultSeverityEnum;
import ca.uhn.fhir.validation.SingleValidationMessage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.hl7.fhir.common.hapi.validation.support.CommonCodeSystemsTerminologyService;
import org.hl7.fhir.common.hapi.validation.support.InMemoryTerminologyServerValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.ValidationSupportChain;
import org.hl7.fhir.common.hapi.validation.validator.FhirInstanceValidator;
import org.hl7.fhir.instance.model.api.IBaseBundle;
import org.hl7.fhir.instance.model.api.IIdType;
import org.hl7.fhir.r4.model.*;

/**
 * Peer HAPI FHIR. client BASE TOKEN: what a program with HAPI's client would do, whose parser refuses whatever R4 does not know; a line
 * "name: result" for each call. validate FOLDER: what the official validator has to say about each file, errors only.
 */
public class HapiFhir {
  static final FhirContext CONTEXT = FhirContext.forR4();

  public static void main(String[] args) throws Exception {
    if (args[0].equals("validate")) validate(Path.of(args[1]));
    else client(args[1], args[2]);
  }

  static void validate(Path folder) throws IOException {
    FhirInstanceValidator module = new FhirInstanceValidator(
        new ValidationSupportChain(
            new DefaultProfileValidationSupport(CONTEXT),
            new CommonCodeSystemsTerminologyService(CONTEXT),
            new InMemoryTerminologyServerValidationSupport(CONTEXT)));
    module.setAnyExtensionsAllowed(true);
    FhirValidator validator = CONTEXT.newValidator().registerValidatorModule(module);
    List<Path> files;
    try (Stream<Path> all = Files.list(folder)) {
      files = all.sorted().toList();
    }
    for (Path file : files) {
      for (SingleValidationMessage each : validator.validateWithResult(Files.readString(file)).getMessages())
        if (each.getSeverity().compareTo(ResultSeverityEnum.ERROR) >= 0)
          System.out.println(file.getFileName() + " " + each.getLocationString() + ": " + line(each.getMessage()));
    }
    System.out.println(files.size() + " files");
  }

  static void say(String name, Callable<Object> call) {
    try {
      System.out.println(name + ": " + line(String.valueOf(call.call())));
    } catch (BaseServerResponseException refused) {
      boolean told = refused.getOperationOutcome() != null;
      System.out.println(name + ": " + refused.getStatusCode() + (told ? " with an outcome" : ""));
    } catch (Exception broken) {
      System.out.println(name + ": " + line(broken.toString()));
    }
  }

  static String line(String text) {
    return text.replaceAll("\\s+", " ");
  }

  static int size(IBaseBundle bundle) {
    return ((Bundle) bundle).getEntry().size();
  }

  static void client(String base, String token) {
    CONTEXT.setParserErrorHandler(new StrictErrorHandler());
    IGenericClient hub = CONTEXT.newRestfulGenericClient(base);
    hub.registerInterceptor(new BearerTokenAuthInterceptor(token));
    String system = "urn:hapi:" + UUID.randomUUID();
    Patient patient = new Patient().setActive(true);
    patient.addName().setFamily("Okafor").addGiven("Ifeoma");
    patient.addIdentifier().setSystem(system).setValue("1");
    IIdType made = hub.create().resource(patient).execute().getId();
    IIdType id = made.toUnqualifiedVersionless();
    patient.setId(id);
    say("capabilities", () -> hub.capabilities().ofType(CapabilityStatement.class).execute().getFhirVersion().toCode());
    instances(hub, patient, system);
    for (int rate = 60; rate < 85; rate++) hub.create().resource(pulse(id, rate)).execute();
    searches(hub, id, system);
    bundles(hub, base, patient);
    operations(hub, id);
    IIdType gone = hub.create().resource(new Basic().setCode(new CodeableConcept().setText("x"))).execute().getId();
    hub.delete().resourceById(gone.toUnqualifiedVersionless()).execute();
    say("read of what was deleted", () -> hub.read().resource(Basic.class).withId(gone.getIdPart()).execute());
    say("read of what never was", () -> hub.read().resource(Basic.class).withId("never").execute());
  }

  static Observation pulse(IIdType patient, int rate) {
    Observation made = new Observation().setStatus(Observation.ObservationStatus.FINAL);
    made.getCode().addCoding().setSystem("http://loinc.org").setCode("8867-4");
    made.setSubject(new Reference(patient));
    made.setValue(new Quantity(rate).setUnit("/min").setSystem("http://unitsofmeasure.org").setCode("/min"));
    return made.setEffective(new DateTimeType("2026-01-02T03:04:" + (rate - 50) + "+02:00"));
  }

  static void instances(IGenericClient hub, Patient patient, String system) {
    IIdType id = patient.getIdElement().toUnqualifiedVersionless();
    say("create, representation wanted", () -> hub.create().resource(new Patient().setActive(true))
        .prefer(PreferReturnEnum.REPRESENTATION).execute().getResource().getIdElement().getResourceType());
    say("create, outcome wanted", () -> hub.create().resource(new Patient().setActive(true))
        .prefer(PreferReturnEnum.OPERATION_OUTCOME).execute().getOperationOutcome().fhirType());
    say("create unless there", () -> hub.create().resource(patient.copy().setId((String) null)).conditional()
        .where(Patient.IDENTIFIER.exactly().systemAndIdentifier(system, "1")).execute().getCreated());
    say("read", () -> hub.read().resource(Patient.class).withId(id).execute().getMeta().getVersionId());
    say("read of a version", () -> hub.read().resource(Patient.class).withIdAndVersion(id.getIdPart(), "1").execute().getActive());
    say("read of what is known", () -> hub.read().resource(Patient.class).withId(id).ifVersionMatches("1").returnNull().execute());
    say("read of elements", () -> hub.read().resource(Patient.class).withId(id).elementsSubset("name").execute().hasIdentifier());
    say("update", () -> hub.update().resource(patient.setActive(false)).execute().getId().getVersionIdPart());
    say("update of an old version", () -> hub.update().resource(patient).withId(id.withVersion("1")).execute());
    say("update by criteria", () -> hub.update().resource(patient.copy().setId((String) null)).conditional()
        .where(Patient.IDENTIFIER.exactly().systemAndIdentifier(system, "1")).execute().getId().getIdPart().equals(id.getIdPart()));
    String patch = "[{\"op\":\"replace\",\"path\":\"/active\",\"value\":true}]";
    say("patch", () -> hub.patch().withBody(patch).withId(id).execute().getCreated() == null);
    say("patch by FHIRPath", () -> hub.patch().withFhirPatch(fhirPatch()).withId(id).execute().getId().getIdPart().equals(id.getIdPart()));
    say("active after the patches", () -> hub.read().resource(Patient.class).withId(id).execute().getActive());
    say("history", () -> hub.history().onInstance(id).returnBundle(Bundle.class).execute().getTotal());
    say("history of a type", () -> size(hub.history().onType(Patient.class).returnBundle(Bundle.class).count(2).execute()));
    say("history of all", () -> size(hub.history().onServer().returnBundle(Bundle.class).count(2).execute()));
  }

  static Parameters fhirPatch() {
    Parameters made = new Parameters();
    Parameters.ParametersParameterComponent operation = made.addParameter().setName("operation");
    operation.addPart().setName("type").setValue(new CodeType("replace"));
    operation.addPart().setName("path").setValue(new StringType("Patient.active"));
    operation.addPart().setName("value").setValue(new BooleanType(false));
    return made;
  }

  static void searches(IGenericClient hub, IIdType id, String system) {
    say("search, sorted", () -> ((Observation) pulses(hub, id).sort().descending(Observation.DATE).count(1).returnBundle(Bundle.class)
        .execute().getEntryFirstRep().getResource()).getValueQuantity().getValue());
    say("pages", () -> {
      Bundle page = pulses(hub, id).count(10).totalMode(SearchTotalModeEnum.ACCURATE).returnBundle(Bundle.class).execute();
      int seen = size(page);
      int total = page.getTotal();
      for (; page.getLink("next") != null; seen += size(page)) page = hub.loadPage().next(page).execute();
      return seen + " of " + total;
    });
    for (SearchStyleEnum style : SearchStyleEnum.values())
      say("search by " + style, () -> size(hub.search().forResource(Patient.class).usingStyle(style)
          .where(Patient.IDENTIFIER.exactly().systemAndIdentifier(system, "1")).returnBundle(Bundle.class).execute()));
    say("include", () -> size(pulses(hub, id).include(Observation.INCLUDE_SUBJECT).count(3).returnBundle(Bundle.class).execute()));
    say("include all", () -> size(pulses(hub, id).include(Observation.INCLUDE_ALL).count(3).returnBundle(Bundle.class).execute()));
    say("chain", () -> size(hub.search().forResource(Observation.class).count(50).where(Observation.PATIENT.hasChainedProperty(
        Patient.IDENTIFIER.exactly().systemAndIdentifier(system, "1"))).returnBundle(Bundle.class).execute()));
    say("has", () -> size(hub.search().forResource(Patient.class).where(Patient.IDENTIFIER.exactly().systemAndIdentifier(system, "1"))
        .where(new StringClientParam("_has:Observation:subject:code").matches().value("8867-4")).returnBundle(Bundle.class).execute()));
    say("quantity", () -> size(pulses(hub, id).where(Observation.VALUE_QUANTITY.greaterThan().number("80")
        .andUnits("http://unitsofmeasure.org", "/min")).returnBundle(Bundle.class).execute()));
    say("composite", () -> size(pulses(hub, id).where(Observation.CODE_VALUE_QUANTITY
        .withLeft(Observation.CODE.exactly().systemAndCode("http://loinc.org", "8867-4"))
        .withRight(Observation.VALUE_QUANTITY.greaterThan().number(80).andNoUnits())).returnBundle(Bundle.class).execute()));
    say("missing", () -> size(pulses(hub, id).where(Observation.ENCOUNTER.isMissing(true)).count(2).returnBundle(Bundle.class).execute()));
    say("counts", () -> pulses(hub, id).summaryMode(SummaryEnum.COUNT).returnBundle(Bundle.class).execute().getTotal());
    say("estimate", () -> pulses(hub, id).totalMode(SearchTotalModeEnum.ESTIMATED).count(1).returnBundle(Bundle.class).execute().hasTotal());
    say("unknown parameter", () -> hub.search().byUrl("Patient?tribe=x").returnBundle(Bundle.class).execute());
  }

  static IQuery<IBaseBundle> pulses(IGenericClient hub, IIdType id) {
    return hub.search().forResource(Observation.class).where(Observation.SUBJECT.hasId(id));
  }

  static void bundles(IGenericClient hub, String base, Patient patient) {
    say("transaction", () -> {
      Bundle bundle = new Bundle().setType(Bundle.BundleType.TRANSACTION);
      String name = "urn:uuid:" + UUID.randomUUID();
      entry(bundle, Bundle.HTTPVerb.POST, "Patient").setFullUrl(name).setResource(new Patient().setActive(true));
      Observation pulse = pulse(patient.getIdElement(), 70).setSubject(new Reference(name));
      entry(bundle, Bundle.HTTPVerb.POST, "Observation").setResource(pulse);
      entry(bundle, Bundle.HTTPVerb.GET, "Patient?_count=1");
      return statuses(hub.transaction().withBundle(bundle).execute());
    });
    say("batch", () -> {
      Bundle bundle = new Bundle().setType(Bundle.BundleType.BATCH);
      for (String url : List.of("Patient/never", "Patient?_count=1", base + "/Patient?_count=1", "metadata"))
        entry(bundle, Bundle.HTTPVerb.GET, url);
      return statuses(hub.transaction().withBundle(bundle).execute());
    });
  }

  static Bundle.BundleEntryComponent entry(Bundle bundle, Bundle.HTTPVerb method, String url) {
    Bundle.BundleEntryComponent made = bundle.addEntry();
    made.getRequest().setMethod(method).setUrl(url);
    return made;
  }

  static String statuses(Bundle answer) {
    return String.join(", ", answer.getEntry().stream().map(each -> each.getResponse().getStatus()).toList());
  }

  static void operations(IGenericClient hub, IIdType id) {
    say("validate", () -> hub.validate().resource(new Patient().setActive(true)).execute().getOperationOutcome().fhirType());
    say("everything", () -> size(hub.operation().onInstance(id).named("$everything").withNoParameters(Parameters.class).useHttpGet()
        .returnResourceType(Bundle.class).execute()));
    say("lastn", () -> size(hub.operation().onType(Observation.class).named("$lastn").withParameter(Parameters.class, "patient",
        new StringType(id.getIdPart())).andParameter("max", new IntegerType(2)).returnResourceType(Bundle.class).execute()));
    Meta label = new Meta().addTag("urn:hapi", "y", "z");
    say("meta added", () -> hub.meta().add().onResource(id).meta(label).execute().getTag().size());
    say("meta", () -> hub.meta().get(Meta.class).fromResource(id).execute().getTag().size());
    say("meta of a type", () -> hub.meta().get(Meta.class).fromType("Patient").execute().getTag().size());
    say("meta of all", () -> hub.meta().get(Meta.class).fromServer().execute().getTag().size());
    say("meta taken away", () -> hub.meta().delete().onResource(id).meta(label).execute().getTag().size());
    Binary text = new Binary().setContentType("text/plain").setData("hello".getBytes());
    say("binary", () -> new String(hub.read().resource(Binary.class)
        .withId(hub.create().resource(text).execute().getId().getIdPart()).execute().getData()));
  }
}
