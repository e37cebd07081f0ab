package io.github.pgwatchrpc.sink;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

@NullMarked
class SinkConfigTest {

    enum Sync {
        ALWAYS,
        NOW_AND_THEN,
        NEVER
    }

    static final SinkOption<Sync> FSYNC =
            SinkOption.choice("fsync", Sync.class, "when to flush").defaultsTo("always");
    static final SinkOption<Integer> COUNT =
            SinkOption.integer("count", 1, 10, "how many").defaultsTo("3");
    static final SinkOption<Long> SIZE =
            SinkOption.bytes("max-size", 1024, 1L << 40, "how large").defaultsTo("100MB");
    static final SinkOption<Duration> AGE =
            SinkOption.duration("max-age", Duration.ofMillis(500), Duration.ofDays(3650), "how old");
    static final SinkOption<Boolean> GZIP =
            SinkOption.flag("gzip", "whether to").defaultsTo("true");
    static final SinkOption<String> TOKEN =
            SinkOption.text("token", "to get in").mandatory().hidden();

    /** Takes anything and gives back its configuration through {@link Sink#toString}. */
    static class Provider implements SinkProvider {
        private final List<SinkOption<?>> options;

        Provider(SinkOption<?>... options) {
            this.options = List.of(options);
        }

        @Override
        public Set<String> schemes() {
            return Set.of("some");
        }

        @Override
        public String description() {
            return "for tests";
        }

        @Override
        public List<SinkOption<?>> options() {
            return options;
        }

        @Override
        public Sink create(SinkConfig config) {
            if (config.target().equals("bad")) {
                config.targetProblem("\"bad\"", "anything else");
            }
            return batch -> Outcome.written();
        }
    }

    private static SinkConfig parse(String uri, SinkOption<?>... options) {
        return new SinkConfig(new Provider(options), uri, Map.of());
    }

    private static String problem(String uri, SinkOption<?>... options) {
        return String.valueOf(assertThrows(SinkConfigException.class, parse(uri, options)::check)
                .getMessage());
    }

    private static <T> @Nullable T value(SinkOption<T> option, String text) {
        return option.read(text);
    }

    @Test
    void everyKindOfValue() {
        SinkConfig config = new SinkConfig(
                new Provider(FSYNC, COUNT, SIZE, AGE, GZIP, TOKEN),
                "some:/x/y?fsync=now-and-then&count=10&max-age=2h",
                Map.of("token", "t&?", "gzip", "false"));
        config.check();
        assertEquals("some", config.scheme());
        assertEquals("/x/y", config.target());
        assertEquals(Sync.NOW_AND_THEN, config.get(FSYNC));
        assertEquals(10, config.get(COUNT));
        assertEquals(100L << 20, config.get(SIZE));
        assertEquals(Duration.ofHours(2), config.get(AGE));
        assertEquals(false, config.get(GZIP));
        assertEquals("t&?", config.get(TOKEN));
        assertEquals("SinkConfig[some]", config.toString());
    }

    @Test
    void sizesAndTimesHaveUnitsAndBounds() {
        assertEquals(1024, value(SIZE, "1024"));
        assertEquals(64L << 10, value(SIZE, "64kb"));
        assertEquals(2L << 30, value(SIZE, "2 GB"));
        assertEquals(1L << 40, value(SIZE, "1TB"));
        for (String wrong : List.of("1023", "1025GB", "2TB", "999999999999999999TB", "-1", "1.5MB", "MB", "", "1PB")) {
            assertNull(value(SIZE, wrong), wrong);
        }
        assertEquals(Duration.ofMillis(500), value(AGE, "500ms"));
        assertEquals(Duration.ofMinutes(90), value(AGE, "90m"));
        assertEquals(Duration.ofDays(3650), value(AGE, "3650d"));
        for (String wrong : List.of("499ms", "3651d", "30", "1w", "5M", "-1s", "", "999999999999999999d")) {
            assertNull(value(AGE, wrong), wrong);
        }
        for (String wrong : List.of("0", "11", "x", "", "99999999999")) {
            assertNull(value(COUNT, wrong), wrong);
        }
        assertNull(value(GZIP, "yes"));
        assertNull(value(TOKEN, ""));
        assertNull(value(FSYNC, "ALWAYS"));
    }

    @Test
    void errorsNameOptionSinkValueAndBound() {
        assertEquals(
                "option fsync of sink some: \"maybe\" (expected: always, now-and-then or never)",
                problem("some:?fsync=maybe", FSYNC));
        assertEquals("option count of sink some: \"11\" (expected: 1 to 10)", problem("some:?count=11", COUNT));
        assertEquals(
                "option max-size of sink some: \"1\" (expected: bytes such as 64KB, 100MB or 2GB, from 1KB to 1TB)",
                problem("some:?max-size=1", SIZE));
        assertEquals(
                "option max-age of sink some: \"1\" (expected: a time such as 500ms, 30s, 5m, 12h or 7d, from 500ms to"
                        + " 3650d)",
                problem("some:?max-age=1", AGE));
        assertEquals("option gzip of sink some: \"\" (expected: true or false)", problem("some:?gzip", GZIP));
        assertEquals("option token of sink some: missing (expected: text that is not empty)", problem("some:", TOKEN));
        assertEquals(
                "option token of sink some: (secret) (expected: text that is not empty)",
                problem("some:?token=", TOKEN));
        assertEquals(
                "option fsink of sink some: unknown (expected: fsync, gzip)",
                problem("some:?fsink=never", GZIP, FSYNC));
        assertEquals("option x of sink some: unknown (expected: no options)", problem("some:?x=1"));
        assertEquals(
                "option gzip of sink some: given twice (expected: once)", problem("some:?gzip=true&gzip=true", GZIP));
        assertEquals(
                "target of sink some: % without two hexadecimal digits (expected: %25 for a percent sign)",
                problem("some:a%4"));
        assertEquals(
                "option token of sink some: bytes that are not UTF-8 (expected: UTF-8)",
                problem("some:?token=%ff", TOKEN));
    }

    @Test
    void whatIsForTheClientLibraryStaysAsItStands() {
        SinkProvider provider = new Provider(COUNT) {
            @Override
            public boolean passesOn(String option) {
                return option.startsWith("x");
            }
        };
        SinkConfig config =
                new SinkConfig(provider, "some://u:p%40@h1,h2/db?xTag=a%2Fb&count=10&&x=&xTag=c", Map.of("xMore", "1"));
        assertEquals("some://u:p%40@h1,h2/db?xTag=a%2Fb&x=&xTag=c", config.passedOn());
        assertEquals(10, config.get(COUNT));
        assertEquals(
                "option xMore of sink some: unknown (expected: count)",
                assertThrows(SinkConfigException.class, config::check).getMessage());
        assertEquals("some:a", parse("some:a?count=10", COUNT).passedOn());
        assertEquals("some:a", parse("some:a", COUNT).passedOn());
    }

    @Test
    void allProblemsAtOnce() {
        Sinks sinks = new Sinks(List.of(new Provider(FSYNC, COUNT, TOKEN)));
        SinkConfigException problems = assertThrows(
                SinkConfigException.class,
                () -> sinks.create("some:bad?fsync=maybe&nothing=1", Map.of("count", "many")));
        assertEquals(
                List.of(
                        "option fsync of sink some: \"maybe\" (expected: always, now-and-then or never)",
                        "option count of sink some: \"many\" (expected: 1 to 10)",
                        "option token of sink some: missing (expected: text that is not empty)",
                        "option nothing of sink some: unknown (expected: count, fsync, token)",
                        "target of sink some: \"bad\" (expected: anything else)"),
                problems.problems());
        assertEquals(String.join("\n", problems.problems()), problems.getMessage());
    }

    @Test
    void whatCannotBeReadHasItsDefaultUntilTheCheck() {
        SinkConfig config = parse("some:?count=many&max-age=x", COUNT, AGE, TOKEN);
        assertEquals(3, config.get(COUNT));
        assertNull(config.find(AGE));
        assertNull(config.find(TOKEN));
        assertThrows(SinkConfigException.class, () -> config.get(TOKEN));
        SinkConfig fine = parse("some:", AGE);
        fine.check();
        assertThrows(IllegalArgumentException.class, () -> fine.get(AGE));
    }

    @Test
    void anythingCanBeEncoded() {
        String odd = "/a b%?&=#+/é😀:";
        SinkConfig config = parse("some:" + SinkConfig.encode(odd) + "?token=" + SinkConfig.encode(odd), TOKEN);
        config.check();
        assertEquals(odd, config.target());
        assertEquals(odd, config.get(TOKEN));
        assertEquals("a b", parse("some:a%20b").target());
        assertEquals("", parse("some?").target());
    }

    @Test
    void anOptionIsCheckedWhenItIsMade() {
        assertEquals(
                "default of option count: \"0\" (expected: 1 to 10)",
                assertThrows(IllegalArgumentException.class, () -> COUNT.defaultsTo("0"))
                        .getMessage());
        assertEquals(
                "name of an option: \"Max_Size\" (expected: lower case, words joined by hyphens)",
                assertThrows(IllegalArgumentException.class, () -> SinkOption.text("Max_Size", "x"))
                        .getMessage());
        assertTrue(TOKEN.isMandatory() && TOKEN.isSecret());
        assertFalse(COUNT.isMandatory() || COUNT.isSecret());
        assertEquals("3", COUNT.defaultText());
        assertEquals("integer", COUNT.type());
        assertEquals("how many", COUNT.meaning());
    }
}
