package io.github.pgwatchrpc.server;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;

/**
 * Where options that are not on the command line get their value: from the environment, then from the configuration file.
 * An option {@code --web-addr} is {@code PGWATCH_RPC_WEB_ADDR} in the one and {@code web-addr} in the other; an option that
 * can be repeated takes its values separated by line breaks in the environment and as a list in the file.
 */
final class Settings implements CommandLine.IDefaultValueProvider {

    static final String PREFIX = "PGWATCH_RPC_";

    /** As the Go receiver calls them, whose users may come here; its user name and password are options of that name. */
    private static final Map<String, String> GO_VARIABLES =
            Map.of("--tls-cert", "PGWATCH_RPC_SERVER_CERT", "--tls-key", "PGWATCH_RPC_SERVER_KEY");

    /** A user in a URI, or an option that has such a name in some sink; that one has too many is no harm here. */
    private static final Pattern SECRET =
            Pattern.compile("://[^/?\n]*@|[?&][a-z-]*(password|secret|token|key)=", Pattern.CASE_INSENSITIVE);

    private final Map<String, String> environment;
    private final Map<String, String> file;

    Settings(Map<String, String> environment, Map<String, String> file) {
        this.environment = Map.copyOf(environment);
        this.file = Map.copyOf(file);
    }

    private static String key(String option) {
        return option.replaceFirst("^--", "");
    }

    static String variable(String option) {
        return PREFIX + key(option).replace('-', '_').toUpperCase(Locale.ROOT);
    }

    @Override
    public @Nullable String defaultValue(ArgSpec argument) {
        if (!(argument instanceof OptionSpec option)) {
            return null;
        }
        String value = environment.get(variable(option.longestName()));
        if (value == null) {
            value = environment.get(GO_VARIABLES.getOrDefault(option.longestName(), ""));
        }
        String found = value != null && !value.isEmpty() ? value : file.get(key(option.longestName()));
        // picocli replaces ${...} and $$ in what it takes for a default of the program's own; a password is to stay as
        // it is
        return found == null ? null : found.replace("$", "$$");
    }

    /**
     * Reads the configuration file.
     *
     * @throws ConfigException with all errors of the file at once; or if other users can change it
     */
    static Map<String, String> read(Path path) throws ConfigException {
        CommandLine options = Main.withTypes(new CommandLine(new ServeOptions()));
        List<String> known = options.getCommandSpec().options().stream()
                .map(option -> key(option.longestName()))
                .filter(key -> !key.equals("config"))
                .sorted()
                .toList();
        Map<?, ?> yaml;
        OtherUsers.refuseWriters(path, "");
        try {
            ObjectMapper mapper = new ObjectMapper(YAMLFactory.builder()
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .build());
            JsonNode content = mapper.readTree(Files.readString(path));
            if (content.isMissingNode() || content.isNull()) {
                return Map.of();
            }
            if (!(mapper.convertValue(content, Object.class) instanceof Map<?, ?> map)) {
                throw new ConfigException(
                        path + ": the file is a list or a single value (expected: keys with values)",
                        "write one option a line, for example: listen: 0.0.0.0:5000");
            }
            yaml = map;
        } catch (JsonProcessingException e) {
            throw new ConfigException(
                    path + ": not YAML: " + firstLine(e.getOriginalMessage()) + " at line "
                            + (e.getLocation() == null ? "?" : e.getLocation().getLineNr()),
                    "see docs/configuration.md for an example",
                    e);
        } catch (IOException e) {
            throw new ConfigException(path + ": cannot be read: " + e, "check the path given with --config", e);
        }
        Map<String, String> values = new TreeMap<>();
        List<String> errors = new ArrayList<>();
        for (Map.Entry<?, ?> entry : yaml.entrySet()) {
            String key = String.valueOf(entry.getKey());
            Object value = entry.getValue();
            if (!known.contains(key)) {
                errors.add(key + ": no such option");
            } else if (value instanceof List<?> list) {
                values.put(key, list.stream().map(String::valueOf).collect(Collectors.joining("\n")));
            } else if (value instanceof Map) {
                errors.add(key + ": keys below it (expected: a value or a list)");
            } else if (value != null && !String.valueOf(value).isEmpty()) {
                values.put(key, String.valueOf(value));
            }
        }
        values.forEach((key, value) -> {
            try {
                options.parseArgs("--" + key + "=" + value);
            } catch (ParameterException e) {
                errors.add(key + ": " + e.getMessage());
            }
        });
        if (!errors.isEmpty()) {
            throw new ConfigException(
                    path + ": " + String.join("; ", errors), "the options are: " + String.join(", ", known));
        }
        return values;
    }

    /**
     * Looks whether secrets of the file can be read by others.
     *
     * @param path the file
     * @param values what is in it
     * @return what its owner should know
     */
    static Optional<String> warning(Path path, Map<String, String> values) {
        boolean secret = values.containsKey("server-password")
                || SECRET.matcher(values.getOrDefault("sink", "")).find();
        return secret && OtherUsers.canRead(path)
                ? Optional.of(
                        path + ": holds secrets, and every user of this machine can read it (expected: mode 0640 or "
                                + "less; chmod o-r " + path + ")")
                : Optional.empty();
    }

    /** The YAML reader draws a picture below it, of many lines. */
    private static String firstLine(String message) {
        return message.lines().findFirst().orElse("");
    }
}
