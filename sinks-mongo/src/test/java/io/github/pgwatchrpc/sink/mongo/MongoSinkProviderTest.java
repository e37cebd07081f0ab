package io.github.pgwatchrpc.sink.mongo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.mongodb.ConnectionString;
import com.mongodb.WriteConcern;
import io.github.pgwatchrpc.sink.Sink;
import io.github.pgwatchrpc.sink.SinkConfigException;
import io.github.pgwatchrpc.sink.SinkOption;
import io.github.pgwatchrpc.sink.Sinks;
import java.lang.reflect.Field;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class MongoSinkProviderTest {

    private final Sinks sinks = new Sinks(List.of(new MongoSinkProvider()));

    private String problem(String uri) {
        return assertThrows(
                        SinkConfigException.class,
                        () -> sinks.create(uri, Map.of()).close(),
                        uri)
                .getMessage();
    }

    private String made(String uri) {
        try (Sink sink = sinks.create(uri, Map.of())) {
            return sink.toString();
        }
    }

    /** The driver only warns of others: the list has to be its own, less what it warns of for being out of date. */
    @Test
    void theListOfTheDriversOptionsIsComplete() throws Exception {
        Field keys = ConnectionString.class.getDeclaredField("ALL_KEYS");
        keys.setAccessible(true);
        Set<String> known = new TreeSet<>();
        ((Set<?>) keys.get(null)).forEach(each -> known.add((String) each));
        assertEquals(known, new TreeSet<>(DriverUri.OPTIONS));
        for (SinkOption<?> option : new MongoSinkProvider().options()) {
            assertFalse(known.contains(option.name().toLowerCase(Locale.ROOT)), option.name());
        }
    }

    @Test
    void connectionStringsAreTakenAsTheyAre() {
        assertEquals(
                "MongoSink[h1:1,h2:2/db]",
                made("mongodb://u:p%40%2F@h1:1,h2:2/db?replicaSet=rs&authSource=admin&w=majority&mode=plain&tls=true"
                        + "&readPreference=secondary&readPreferenceTags=dc:a&readPreferenceTags="));
        assertEquals("MongoSink[h/pgwatch]", made("mongodb://h/?retryWrites=false"));
        assertEquals("MongoSink[h/other]", made("mongodb://h/db?database=other"));
        // asks no DNS: there is no such host
        assertEquals("MongoSink[cluster.example.invalid/db]", made("mongodb+srv://u:p@cluster.example.invalid/db"));
    }

    @Test
    void problemsNameTheThing() {
        assertTrue(problem("mongodb://h/?nosuch=1").contains("option nosuch of sink mongodb: unknown"));
        assertTrue(problem("mongodb://h/?w=0").contains("option w of sink mongodb: 0 (expected: a write concern"));
        assertTrue(problem("mongodb://h/?collection=$x").contains("option collection"));
        assertTrue(problem("mongodb://h/a%20b").contains("database"), problem("mongodb://h/a%20b"));
        assertTrue(problem("mongodb://h/?time-field=m&meta-field=m").contains("option meta-field"));
        assertTrue(problem("mongodb://h/?time-field=epoch_ns").contains("this one is taken"));
        String text = problem("mongodb://user:s3cr3t/x@h/");
        assertFalse(text.contains("s3cr3t"), text);
    }

    @Test
    void aMajorityUnlessSomethingElseWasAskedFor() {
        assertEquals(WriteConcern.MAJORITY, DriverUri.writeConcern(null));
        assertEquals(
                WriteConcern.W1, DriverUri.writeConcern(new ConnectionString("mongodb://h/?w=1").getWriteConcern()));
        WriteConcern timed = DriverUri.writeConcern(
                new ConnectionString("mongodb://h/?wtimeoutMS=5000&journal=true").getWriteConcern());
        assertEquals("majority", timed.getWString());
        assertEquals(true, timed.getJournal());
    }

    @Test
    void aPlanCanBePasted() {
        try (Sink one = sinks.create("mongodb://h/db?collection=all&expire-after=30d", Map.of());
                Sink plain = sinks.create("mongodb://h/db?mode=plain&expire-after=1d", Map.of())) {
            assertEquals(List.of("""
                            db.getSiblingDB("db").createCollection("all", {
                              timeseries: { timeField: "time", metaField: "meta", granularity: "minutes" },
                              expireAfterSeconds: 2592000
                            })
                            """), one.plan());
            assertTrue(plain.plan().get(0).contains("createIndex({ \"time\": 1 }, { expireAfterSeconds: 86400 })"));
        }
    }
}
