package io.github.pgwatchrpc.sink;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Something that can be configured: its name, how its text is read, what it means. A provider keeps its options as
 * constants, lists them, and asks {@link SinkConfig#get} for their values. Immutable.
 *
 * @param <T> what its value is
 */
public final class SinkOption<T> {

    private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9]*(-[a-z0-9]+)*");
    private static final Pattern QUANTITY = Pattern.compile("([0-9]{1,18}) ?([a-zA-Z]*)");

    private static final List<String> SIZE_UNITS = List.of("B", "KB", "MB", "GB", "TB");

    private final String name;
    private final String type;
    private final String expected;
    private final String meaning;
    private final Function<String, @Nullable T> reader;
    private final @Nullable String defaultText;
    private final boolean required;
    private final boolean secret;

    private SinkOption(
            String name,
            String type,
            String expected,
            String meaning,
            Function<String, @Nullable T> reader,
            @Nullable String defaultText,
            boolean required,
            boolean secret) {
        this.name = name;
        this.type = type;
        this.expected = expected;
        this.meaning = meaning;
        this.reader = reader;
        this.defaultText = defaultText;
        this.required = required;
        this.secret = secret;
    }

    // ---- kinds ----

    /**
     * An option of any kind.
     *
     * @param name lower case, words joined by hyphens
     * @param type one word for lists
     * @param expected what an error says after "expected:"
     * @param meaning one line
     * @param reader turns text into a value, or into null if it is not as expected
     * @param <T> what the value is
     * @return the option
     */
    public static <T> SinkOption<T> of(
            String name, String type, String expected, String meaning, Function<String, @Nullable T> reader) {
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException(
                    "name of an option: \"" + name + "\" (expected: lower case, words joined by hyphens)");
        }
        Objects.requireNonNull(type, "type");
        Objects.requireNonNull(expected, "expected");
        Objects.requireNonNull(meaning, "meaning");
        return new SinkOption<>(name, type, expected, meaning, reader, null, false, false);
    }

    /**
     * Text that is not empty.
     *
     * @param name the option's name
     * @param meaning one line
     * @return the option
     */
    public static SinkOption<String> text(String name, String meaning) {
        return of(name, "text", "text that is not empty", meaning, text -> text.isEmpty() ? null : text);
    }

    /**
     * An integer.
     *
     * @param name the option's name
     * @param min the least value
     * @param max the greatest value
     * @param meaning one line
     * @return the option
     */
    public static SinkOption<Integer> integer(String name, int min, int max, String meaning) {
        return of(name, "integer", min + " to " + max, meaning, text -> {
            try {
                int value = Integer.parseInt(text);
                return value >= min && value <= max ? value : null;
            } catch (NumberFormatException e) {
                return null;
            }
        });
    }

    /**
     * A number of bytes such as {@code 512}, {@code 64KB}, {@code 100MB} or {@code 2GB}; a unit is 1,024 of the one
     * before.
     *
     * @param name the option's name
     * @param min the least value in bytes
     * @param max the greatest value in bytes
     * @param meaning one line
     * @return the option
     */
    public static SinkOption<Long> bytes(String name, long min, long max, String meaning) {
        String expected = "bytes such as 64KB, 100MB or 2GB, from " + sizeText(min) + " to " + sizeText(max);
        return of(name, "bytes", expected, meaning, text -> {
            Matcher matcher = QUANTITY.matcher(text);
            if (!matcher.matches()) {
                return null;
            }
            String unit = matcher.group(2).toUpperCase(Locale.ROOT);
            int power = unit.isEmpty() ? 0 : SIZE_UNITS.indexOf(unit);
            if (power < 0) {
                return null;
            }
            long number = Long.parseLong(matcher.group(1));
            long unitBytes = 1L << (10 * power);
            return number <= max / unitBytes && number * unitBytes >= min ? number * unitBytes : null;
        });
    }

    /**
     * A length of time such as {@code 500ms}, {@code 30s}, {@code 5m}, {@code 12h} or {@code 7d}.
     *
     * @param name the option's name
     * @param min the least value
     * @param max the greatest value
     * @param meaning one line
     * @return the option
     */
    public static SinkOption<Duration> duration(String name, Duration min, Duration max, String meaning) {
        String expected =
                "a time such as 500ms, 30s, 5m, 12h or 7d, from " + durationText(min) + " to " + durationText(max);
        return of(name, "time", expected, meaning, text -> {
            Matcher matcher = QUANTITY.matcher(text);
            if (!matcher.matches()) {
                return null;
            }
            long number = Long.parseLong(matcher.group(1));
            try {
                Duration value = switch (matcher.group(2)) {
                    case "ms" -> Duration.ofMillis(number);
                    case "s" -> Duration.ofSeconds(number);
                    case "m" -> Duration.ofMinutes(number);
                    case "h" -> Duration.ofHours(number);
                    case "d" -> Duration.ofDays(number);
                    default -> null;
                };
                return value != null && value.compareTo(min) >= 0 && value.compareTo(max) <= 0 ? value : null;
            } catch (ArithmeticException e) {
                return null;
            }
        });
    }

    /**
     * Yes or no.
     *
     * @param name the option's name
     * @param meaning one line
     * @return the option, whose text is {@code true} or {@code false}
     */
    public static SinkOption<Boolean> flag(String name, String meaning) {
        return of(name, "flag", "true or false", meaning, text -> switch (text) {
            case "true" -> Boolean.TRUE;
            case "false" -> Boolean.FALSE;
            default -> null;
        });
    }

    /**
     * One of several words.
     *
     * @param name the option's name
     * @param type an enum; the words are its constants in lower case with hyphens for underscores
     * @param meaning one line
     * @param <E> the enum
     * @return the option
     */
    public static <E extends Enum<E>> SinkOption<E> choice(String name, Class<E> type, String meaning) {
        List<E> values = Arrays.asList(type.getEnumConstants());
        String words = values.stream().map(SinkOption::word).collect(Collectors.joining(", "));
        int last = words.lastIndexOf(", ");
        String expected = last < 0 ? words : words.substring(0, last) + " or " + words.substring(last + 2);
        return of(
                name,
                "choice",
                expected,
                meaning,
                text -> values.stream()
                        .filter(value -> word(value).equals(text))
                        .findFirst()
                        .orElse(null));
    }

    // ---- properties ----

    /**
     * The same with a value for when none is given.
     *
     * @param text as it could be given
     * @return an option
     * @throws IllegalArgumentException if the text is not as the option expects
     */
    public SinkOption<T> defaultsTo(String text) {
        if (read(text) == null) {
            throw new IllegalArgumentException(
                    "default of option " + name + ": \"" + text + "\" (expected: " + expected + ")");
        }
        return new SinkOption<>(name, type, expected, meaning, reader, text, false, secret);
    }

    /**
     * The same, but it must be given.
     *
     * @return an option
     */
    public SinkOption<T> mandatory() {
        return new SinkOption<>(name, type, expected, meaning, reader, null, true, secret);
    }

    /**
     * The same, but its value is never shown.
     *
     * @return an option
     */
    public SinkOption<T> hidden() {
        return new SinkOption<>(name, type, expected, meaning, reader, defaultText, required, true);
    }

    /**
     * Its name.
     *
     * @return lower case, words joined by hyphens
     */
    public String name() {
        return name;
    }

    /**
     * What kind of value it has.
     *
     * @return one word
     */
    public String type() {
        return type;
    }

    /**
     * Which values it may have.
     *
     * @return text that can follow "expected:"
     */
    public String expected() {
        return expected;
    }

    /**
     * What it means.
     *
     * @return one line
     */
    public String meaning() {
        return meaning;
    }

    /**
     * The value for when none is given.
     *
     * @return as it could be given; null if there is none
     */
    public @Nullable String defaultText() {
        return defaultText;
    }

    /**
     * Whether it must be given.
     *
     * @return true if it must
     */
    public boolean isMandatory() {
        return required;
    }

    /**
     * Whether its value must never be shown.
     *
     * @return true for passwords, tokens and keys
     */
    public boolean isSecret() {
        return secret;
    }

    /** Reads a value; null if it is not as expected. */
    @Nullable
    T read(String text) {
        return reader.apply(text);
    }

    @Override
    public String toString() {
        return name;
    }

    private static String word(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private static String sizeText(long bytes) {
        int unit = 0;
        while (unit < SIZE_UNITS.size() - 1 && bytes >= 1024 && bytes % 1024 == 0) {
            bytes /= 1024;
            unit++;
        }
        return bytes + SIZE_UNITS.get(unit);
    }

    private static String durationText(Duration value) {
        long millis = value.toMillis();
        if (millis % 1000 != 0 || millis == 0) {
            return millis + "ms";
        } else if (millis % 60_000 != 0) {
            return millis / 1000 + "s";
        } else if (millis % 3_600_000 != 0) {
            return millis / 60_000 + "m";
        } else if (millis % 86_400_000 != 0) {
            return millis / 3_600_000 + "h";
        }
        return millis / 86_400_000 + "d";
    }
}
