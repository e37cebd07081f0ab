package io.github.pgwatchrpc.sink.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.pgwatchrpc.sink.SinkConfig;
import io.github.pgwatchrpc.sink.SinkConfigException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HttpOptionsTest {

    private static SinkConfig config(String uri) {
        return new SinkConfig(new ExampleSinkProvider(), uri, Map.of());
    }

    @Test
    void readsSeveralEndpoints() throws Exception {
        SinkConfig config = config("example:https://a:1, http://b/base?timeout=5s&gzip=false");
        HttpTransport.Builder builder = HttpOptions.transport(config);
        config.check();
        assertNotNull(builder);
        assertEquals(
                "HttpTransport[https://a:1, http://b/base]", builder.build().toString());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "example: | neither http nor https",
                "example:host:80 | neither http nor https",
                "example:https:// | not an address",
                "example:https://h%20h | not an address",
                "example:https://ann:s3cr3t@h | has a user",
                "example:https://h%3Fkey=s3cr3t | has a query",
                "example:https://h:70000 | port 70000",
                "example:https://h,ftp://s3cr3t | neither http nor https",
                "example:https://h?client-cert=c.pem | option client-cert of sink example: alone",
                "example:https://h?client-key=c.key | option client-key of sink example: alone",
                "example:https://h?ca=/no/such.pem | /no/such.pem",
                "example:https://h?timeout=0s | option timeout of sink example: \"0s\"",
                "example:https://h?insecure=yes | option insecure of sink example: \"yes\"",
                "example:https://h?token=s3cr3t%0A | option token of sink example: (secret)",
            })
    void saysWhatIsWrongWithoutSecrets(String uri, String part) {
        SinkConfigException error =
                assertThrows(SinkConfigException.class, () -> new ExampleSinkProvider().create(config(uri)));
        assertTrue(error.getMessage().contains(part), error::getMessage);
        assertTrue(error.getMessage().contains("(expected: "), error::getMessage);
        assertFalse(error.getMessage().contains("s3cr3t"), error::getMessage);
    }

    @Test
    void saysAllOfItAtOnce() {
        SinkConfigException error = assertThrows(
                SinkConfigException.class,
                () -> new ExampleSinkProvider()
                        .create(config("example:x,y?client-key=k&timeout=1&nosuch=2&token=%00")));
        List<String> problems = error.problems();
        assertEquals(6, problems.size(), problems::toString);
    }
}
