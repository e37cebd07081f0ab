package io.github.pgwatchrpc.sink.azure;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.pgwatchrpc.sink.Sink;
import io.github.pgwatchrpc.sink.SinkConfigException;
import io.github.pgwatchrpc.sink.SinkProvider;
import io.github.pgwatchrpc.sink.Sinks;
import java.io.File;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Configuration, and what is printed of it. */
class AzureSinkProviderTest {

    private static final String TARGET =
            "azure://pgwatch-abcd.westeurope-1.ingest.monitor.azure.com/dcr-0123456789abcdef0123456789abcdef/Custom-Pgwatch";

    private static List<String> problems(String uri) {
        return assertThrows(SinkConfigException.class, () -> Sent.sink(uri)).problems();
    }

    @Test
    void everythingThatIsWrongIsSaidAtOnce() {
        List<String> problems =
                problems("azure://user@host/dcr-1/Custom-A?columns=a&chunk-size=2MB&credential=client-secret"
                        + "&client-certificate=x.pem&authority=http://x&cloud=mars&ca=/no/such/file&timeout=never");
        for (String part : List.of(
                "target of sink azure",
                "option columns",
                "option chunk-size",
                "option tenant-id of sink azure: missing",
                "option client-id of sink azure: missing",
                "option client-secret of sink azure: missing",
                "option client-certificate of sink azure: given beside credential=client-secret",
                "option authority",
                "option cloud",
                "option timeout",
                "TLS")) {
            assertTrue(problems.stream().anyMatch(each -> each.contains(part)), part + " in " + problems);
        }
        assertTrue(problems(TARGET
                        + "?credential=client-secret&tenant-id=t&client-id=c&client-secret=a&client-secret-file=b")
                .toString()
                .contains("given beside client-secret-file"));
        for (String target : List.of(
                "azure:host",
                "azure://host",
                "azure://host/dcr-0123456789abcdef0123456789abcdef",
                "azure://h:0/dcr-0123456789abcdef0123456789abcdef/Custom-A",
                "azure://host/dcr-0123456789abcdef0123456789abcdef/Syslog")) {
            assertTrue(problems(target).get(0).startsWith("target of sink azure: "), target);
        }
    }

    @Test
    void everyKindOfCredentialsCanBeTold() {
        for (String options : List.of(
                "",
                "?credential=default&client-id=c",
                "?credential=client-secret&tenant-id=t&client-id=c&client-secret=s",
                "?credential=client-certificate&tenant-id=t&client-id=c&client-certificate=a.pfx&client-certificate-password=s",
                "?credential=managed-identity",
                "?credential=managed-identity&client-id=c",
                "?credential=workload-identity&federated-token-file=/var/run/token",
                "?credential=azure-cli&cloud=china",
                "?authority=https://login.example.com/&audience=https://monitor.example.com/")) {
            Sent.sink(TARGET + options).close();
        }
    }

    @Test
    void secretsAreNotPrinted() {
        String uri = TARGET + "?credential=client-secret&tenant-id=t&client-id=c&client-secret=s3cr3t";
        assertFalse(Sent.sink(uri).toString().contains("s3cr3t"));
        assertFalse(new Sinks(List.of(new AzureSinkProvider())).printable(uri).contains("s3cr3t"));
    }

    @Test
    void theTemplateIsJsonAndNamesTableAndStream() throws Exception {
        JsonNode template = AzureStub.JSON.readTree(
                Sent.sink(TARGET + "?columns=tps:real").plan().get(0));
        assertEquals(
                "[concat(parameters('workspace'), '/Pgwatch_CL')]",
                template.at("/resources/0/name").textValue());
        assertEquals(
                "dateTime",
                template.at("/resources/0/properties/schema/columns/0/type").textValue());
        JsonNode rule = template.at("/resources/1/properties");
        assertEquals(
                "datetime",
                rule.at("/streamDeclarations/Custom-Pgwatch/columns/0/type").textValue());
        assertEquals("Custom-Pgwatch_CL", rule.at("/dataFlows/0/outputStream").textValue());
        assertEquals("Custom-Pgwatch", rule.at("/dataFlows/0/streams/0").textValue());
        assertEquals("Pgwatch_CL", Definitions.table("Custom-Pgwatch_CL"));
    }

    /** The receiver finds, describes and configures every sink at its start. */
    @Test
    void nothingOfAzureIsLoadedBeforeASinkIsOpened() throws Exception {
        List<URL> path = new ArrayList<>();
        for (String part : System.getProperty("java.class.path").split(File.pathSeparator)) {
            if (!part.matches(
                    ".*(azure-core|azure-identity|azure-json|azure-xml|azure-monitor|msal4j|reactor|jackson).*")) {
                path.add(new File(part).toURI().toURL());
            }
        }
        try (URLClassLoader without =
                new URLClassLoader(path.toArray(new URL[0]), ClassLoader.getPlatformClassLoader())) {
            Class<?> type = without.loadClass(AzureSinkProvider.class.getName());
            Object provider = type.getConstructor().newInstance();
            for (String method : List.of("schemes", "description", "syntax", "options", "limits", "capabilities")) {
                assertTrue(type.getMethod(method).invoke(provider).toString().length() > 0);
            }
            Class<?> config = without.loadClass("io.github.pgwatchrpc.sink.SinkConfig");
            Object ours = config.getConstructor(
                            without.loadClass(SinkProvider.class.getName()), String.class, Map.class)
                    .newInstance(provider, TARGET, Map.of());
            Object sink = type.getMethod("create", config).invoke(provider, ours);
            Class<?> contract = without.loadClass(Sink.class.getName());
            assertEquals(1, ((List<?>) contract.getMethod("plan").invoke(sink)).size());
            contract.getMethod("close").invoke(sink);
        }
    }
}
