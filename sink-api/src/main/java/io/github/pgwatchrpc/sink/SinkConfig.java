package io.github.pgwatchrpc.sink;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The configuration of one sink: a URI {@code SCHEME:TARGET?option=value&option=value}, and options that were given
 * beside it (in a file). In the URI, {@code %XX} stands for a byte, so a question mark in the target is {@code %3F} and an
 * ampersand in a value is {@code %26}; a plus sign stands for itself.
 *
 * <p>Problems are gathered rather than thrown, so that all of them can be told at once: an option that cannot be read has
 * its default value until {@link #check} fails. Used by one thread, while the sink is built.
 */
public final class SinkConfig {

    private final String sink;
    private final String target;
    private final String passedOn;
    private final Map<SinkOption<?>, Object> values = new HashMap<>();
    private final List<String> problems = new ArrayList<>();

    /**
     * Reads a configuration. Whatever is wrong with it, an unknown option included, becomes a {@link #problem}.
     *
     * @param provider knows the options
     * @param uri the URI
     * @param options options that are not in the URI, as text by name
     */
    public SinkConfig(SinkProvider provider, String uri, Map<String, String> options) {
        int colon = uri.indexOf(':');
        int question = uri.indexOf('?');
        int end = question < 0 ? uri.length() : question;
        sink = colon < 0 || colon > end ? uri.substring(0, end) : uri.substring(0, colon);
        target = colon < 0 || colon > end ? "" : decode("target", uri.substring(colon + 1, end));
        Map<String, String> given = new LinkedHashMap<>();
        StringBuilder rest = new StringBuilder(uri.substring(0, end));
        if (question >= 0) {
            for (String part : uri.substring(question + 1).split("&", -1)) {
                if (!part.isEmpty()) {
                    int equals = part.indexOf('=');
                    String name = decode("name of an option", equals < 0 ? part : part.substring(0, equals));
                    if (provider.passesOn(name)) {
                        rest.append(rest.length() == end ? '?' : '&').append(part);
                        continue;
                    }
                    add(given, name, equals < 0 ? "" : decode("option " + name, part.substring(equals + 1)));
                }
            }
        }
        passedOn = rest.toString();
        options.forEach((name, value) -> add(given, name, value));
        read(provider, given);
    }

    private void add(Map<String, String> given, String name, String value) {
        if (given.putIfAbsent(name, value) != null) {
            problem("option " + name, "given twice", "once");
        }
    }

    private void read(SinkProvider provider, Map<String, String> given) {
        Map<String, String> unknown = new LinkedHashMap<>(given);
        for (SinkOption<?> option : provider.options()) {
            String text = given.get(option.name());
            unknown.remove(option.name());
            Object value = text == null ? null : option.read(text);
            if (value != null) {
                values.put(option, value);
                continue;
            }
            if (text != null) {
                problem("option " + option.name(), option.isSecret() ? "(secret)" : quote(text), option.expected());
            } else if (option.isMandatory()) {
                problem("option " + option.name(), "missing", option.expected());
            }
            String defaultText = option.defaultText();
            Object defaultValue = defaultText == null ? null : option.read(defaultText);
            if (defaultValue != null) {
                values.put(option, defaultValue);
            }
        }
        String known = provider.options().isEmpty()
                ? "no options"
                : provider.options().stream().map(SinkOption::name).sorted().collect(Collectors.joining(", "));
        unknown.keySet().forEach(name -> problem("option " + name, "unknown", known));
    }

    /**
     * The scheme of the URI.
     *
     * @return in lower case
     */
    public String scheme() {
        return sink.toLowerCase(Locale.ROOT);
    }

    /**
     * What stands in the URI between the scheme's colon and the options.
     *
     * @return the target, decoded; may be empty
     */
    public String target() {
        return target;
    }

    /**
     * The URI without the sink's own options: for a client library that reads such URIs itself.
     *
     * @return scheme, target and what the provider {@linkplain SinkProvider#passesOn passes on}, letter for letter as it
     *     was given; may hold secrets
     */
    public String passedOn() {
        return passedOn;
    }

    /**
     * The value of an option that has a default or is mandatory.
     *
     * @param option one of the provider's
     * @param <T> what its value is
     * @return what was given, or its default
     * @throws SinkConfigException if it is mandatory and could not be read, so that nothing more can be looked at
     */
    public <T> T get(SinkOption<T> option) {
        T value = find(option);
        if (value == null) {
            check();
            throw new IllegalArgumentException(
                    "option " + option.name() + ": no value (expected: one that has a default or is mandatory)");
        }
        return value;
    }

    /**
     * The value of an option that may be absent.
     *
     * @param option one of the provider's
     * @param <T> what its value is
     * @return what was given, or its default, or null
     */
    @SuppressWarnings("unchecked") // an option's value was put in by the option's own reader
    public <T> @Nullable T find(SinkOption<T> option) {
        return (T) values.get(option);
    }

    /**
     * Reports something that is wrong.
     *
     * @param thing what it is, such as {@code option fsync}
     * @param value what it has been given; in quotes if it is the user's text, never a secret
     * @param expected what it may be
     */
    public void problem(String thing, String value, String expected) {
        problems.add(thing + " of sink " + sink + ": " + value + " (expected: " + expected + ")");
    }

    /**
     * Reports that the target is wrong.
     *
     * @param value what is the matter with it
     * @param expected what it may be
     */
    public void targetProblem(String value, String expected) {
        problem("target", value, expected);
    }

    /**
     * Fails if anything has been reported.
     *
     * @throws SinkConfigException with all of it
     */
    public void check() {
        if (!problems.isEmpty()) {
            throw new SinkConfigException(problems);
        }
    }

    /** Names the sink; target and options may hold secrets. */
    @Override
    public String toString() {
        return "SinkConfig[" + sink + "]";
    }

    /**
     * Encodes text so that it can stand in a URI as a target or as the value of an option.
     *
     * @param text any text
     * @return the text in which what has a meaning of its own is {@code %XX}
     */
    public static String encode(String text) {
        StringBuilder encoded = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '%' -> encoded.append("%25");
                case '?' -> encoded.append("%3F");
                case '&' -> encoded.append("%26");
                default -> encoded.append(c);
            }
        }
        return encoded.toString();
    }

    private String decode(String thing, String text) {
        if (text.indexOf('%') < 0) {
            return text;
        }
        byte[] in = text.getBytes(StandardCharsets.UTF_8);
        ByteBuffer out = ByteBuffer.allocate(in.length);
        for (int i = 0; i < in.length; i++) {
            if (in[i] != '%') {
                out.put(in[i]);
                continue;
            }
            int high = i + 2 < in.length ? Character.digit(in[i + 1], 16) : -1;
            int low = i + 2 < in.length ? Character.digit(in[i + 2], 16) : -1;
            if (high < 0 || low < 0) {
                problem(thing, "% without two hexadecimal digits", "%25 for a percent sign");
                return text;
            }
            out.put((byte) (high << 4 | low));
            i += 2;
        }
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(out.flip()).toString();
        } catch (CharacterCodingException e) {
            problem(thing, "bytes that are not UTF-8", "UTF-8");
            return text;
        }
    }

    private static String quote(String text) {
        return '"' + Objects.requireNonNull(text) + '"';
    }
}
