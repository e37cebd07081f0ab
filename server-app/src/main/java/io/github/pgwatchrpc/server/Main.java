package io.github.pgwatchrpc.server;

import java.nio.file.Path;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** Where the program begins: finds the command and turns its result, or its failure, into an exit code. */
@Command(
        name = "pgwatch-rpc",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        description = "The receiver for pgwatch's remote sink.",
        footer = {
            "",
            "Without a command it serves. Every option --some-name can also be given as the variable",
            "PGWATCH_RPC_SOME_NAME; see 'pgwatch-rpc COMMAND --help' for the options of a command.",
            "Exit codes: 0 fine, 1 failed while running, 2 wrong usage, 3 out of memory, 78 wrong configuration."
        })
public final class Main {

    /** By name, in the order of the help. */
    private static final Map<String, Class<?>> COMMANDS = commands();

    private Main() {}

    private static Map<String, Class<?>> commands() {
        Map<String, Class<?>> commands = new LinkedHashMap<>();
        for (Class<?> each : List.of(
                ServeCommand.class,
                DemoCommand.class,
                LoadCommand.class,
                CheckCommand.class,
                SinksCommand.class,
                ProvisionCommand.class,
                InspectCommand.class,
                KeyCommand.class,
                KeysCommand.class,
                CertCommand.class,
                DeadLettersCommand.class,
                SpoolCommand.class)) {
            commands.put(each.getAnnotation(Command.class).name(), each);
        }
        return Collections.unmodifiableMap(commands);
    }

    /**
     * Runs a command.
     *
     * @param args the command and its options
     */
    public static void main(String[] args) {
        OutOfMemory.endsTheProgram();
        // a peer could make the server compute for ever (CVE-2011-1473); Java reads this once, when it first speaks TLS
        System.setProperty("jdk.tls.rejectClientInitiatedRenegotiation", "true");
        takeAnyServerName();
        if (isServe(args) || args[0].equals("serve") || args[0].equals("demo")) {
            loadTls();
        }
        System.exit(run(args, System.getenv()));
    }

    /**
     * A client names the host that it wants before it is shown a certificate (SNI), and Java ends the handshake when that is
     * no name by its book: with an underscore, a dot at the end, a hyphen in front, as containers and meshes have them. There
     * is one certificate here whatever was asked for, and whether it is good for the name only the client can know, so the
     * server does not look. Java reads this once, when it first speaks TLS.
     */
    private static void takeAnyServerName() {
        String disabled = System.getProperty("jdk.tls.server.disableExtensions", "");
        System.setProperty(
                "jdk.tls.server.disableExtensions", disabled.isEmpty() ? "server_name" : disabled + ",server_name");
    }

    /** Java takes a quarter of a second to load what TLS needs; reading the options need not wait for that. */
    private static void loadTls() {
        Thread loading = new Thread(
                () -> {
                    try {
                        SSLContext.getInstance("TLS").getSupportedSSLParameters();
                    } catch (NoSuchAlgorithmException | RuntimeException e) {
                        // opening TLS will say it, with the file and what to do
                    }
                },
                "load TLS");
        loading.setDaemon(true);
        loading.start();
    }

    static int run(String[] args, Map<String, String> environment) {
        String[] all = isServe(args) ? withServe(args) : args;
        CommandLine line = new CommandLine(new Main());
        // reading the options of a command takes its time, so that only what is asked for is read when that is clear
        Class<?> only = COMMANDS.get(all[0]);
        if (only != null) {
            line.addSubcommand(all[0], only);
        } else {
            COMMANDS.forEach(line::addSubcommand);
        }
        withTypes(line);
        line.setUsageHelpAutoWidth(true);
        line.setErr(new KeylessWriter(System.err));
        addHelp(line);
        try {
            Path file = configFile(all, environment);
            Map<String, String> settings = file == null ? Map.of() : Settings.read(file);
            if (file != null) {
                Settings.warning(file, settings)
                        .ifPresent(each -> line.getErr().println("pgwatch-rpc: warning: " + each));
            }
            line.setDefaultValueProvider(new Settings(environment, settings));
        } catch (ConfigException e) {
            return report(e, line);
        }
        line.setParameterExceptionHandler((wrong, given) -> report(wrong, given));
        line.setExecutionExceptionHandler((failure, command, result) -> report(failure, command));
        return line.execute(all);
    }

    private static void addHelp(CommandLine line) {
        for (CommandLine each : line.getSubcommands().values()) {
            if (!each.getCommandSpec().mixinStandardHelpOptions()) {
                each.getCommandSpec().mixinStandardHelpOptions(true);
            }
            addHelp(each);
        }
    }

    /** How the values of options are read. */
    static CommandLine withTypes(CommandLine line) {
        return line.setCaseInsensitiveEnumValuesAllowed(true).registerConverter(Duration.class, Durations::parse);
    }

    /** The file must have been read before the other options can be. */
    private static @Nullable Path configFile(String[] args, Map<String, String> environment) {
        if (!List.of("serve", "demo", "check", "key").contains(args[0])) {
            return null;
        }
        OptionSpec config = OptionSpec.builder("--config").type(Path.class).build();
        CommandLine line = new CommandLine(CommandSpec.create().addOption(config));
        line.setUnmatchedArgumentsAllowed(true);
        line.setDefaultValueProvider(new Settings(environment, Map.of()));
        try {
            return line.parseArgs(args).matchedOptionValue("--config", config.getValue());
        } catch (ParameterException e) {
            return null; // reading all options will say what is wrong
        }
    }

    /** Options without a command are those of serve. */
    private static boolean isServe(String[] args) {
        return args.length == 0
                || (args[0].startsWith("-")
                        && !List.of("-h", "--help", "-V", "--version").contains(args[0]));
    }

    private static String[] withServe(String[] args) {
        String[] all = new String[args.length + 1];
        all[0] = "serve";
        System.arraycopy(args, 0, all, 1, args.length);
        return all;
    }

    /**
     * One line that names what is wrong, one that says what to do. What stands on the command line is wrong usage, what
     * comes from the environment is wrong configuration.
     */
    private static int report(ParameterException wrong, String[] given) {
        CommandLine command = wrong.getCommandLine();
        boolean fromEnvironment = wrong.getArgSpec() instanceof OptionSpec option
                && Arrays.stream(given)
                        .noneMatch(each -> Arrays.stream(option.names())
                                .anyMatch(name -> each.equals(name) || each.startsWith(name + "=")))
                && !(wrong instanceof MissingParameterException);
        command.getErr().println("pgwatch-rpc: " + message(wrong));
        command.getErr()
                .println(
                        fromEnvironment
                                ? "  it was given by the environment, as "
                                        + Settings.variable(((OptionSpec) wrong.getArgSpec()).longestName())
                                : "  '" + command.getCommandSpec().qualifiedName() + " --help' shows what there is");
        return fromEnvironment ? ExitCode.CONFIG : ExitCode.USAGE;
    }

    /** What is wrong, without what may be a secret: the value of an option that is none, and a word that belongs to none. */
    private static String message(ParameterException wrong) {
        if (wrong instanceof UnmatchedArgumentException unmatched) {
            return unmatched(unmatched);
        } else if (wrong instanceof MissingParameterException && wrong.getArgSpec() instanceof OptionSpec option) {
            return option.longestName() + ": missing, or without its value (expected: " + option.paramLabel() + ")";
        } else if (wrong.getArgSpec() instanceof OptionSpec option
                && option.arity().max() == 0) {
            return option.longestName() + ": with a value (expected: none)";
        }
        // what was found in the place of a value may be another option, with its value
        return String.valueOf(wrong.getMessage()).replaceFirst("(?s) but found .*", " but found another option");
    }

    private static String unmatched(UnmatchedArgumentException wrong) {
        String first = wrong.getUnmatched().get(0);
        if (first.startsWith("-")) {
            List<String> meant = wrong.getSuggestions();
            return first.replaceFirst("(?s)^(--[A-Za-z0-9-]*|-[A-Za-z0-9]?).*", "$1") + ": no such option"
                    + (meant.isEmpty() ? "" : " (do you mean " + String.join(" or ", meant) + "?)");
        }
        CommandLine command = wrong.getCommandLine();
        return command.getSubcommands().isEmpty()
                ? "a word that belongs to no option (not shown, since it may be a secret)"
                : first + ": no such command";
    }

    /** One line that names what is wrong, one that says what to do. */
    private static int report(Exception failure, CommandLine command) {
        if (failure instanceof ConfigException config) {
            command.getErr().println("pgwatch-rpc: " + config.getMessage());
            command.getErr().println("  " + config.hint());
            return ExitCode.CONFIG;
        }
        command.getErr().println("pgwatch-rpc: " + failure);
        command.getErr().println("  this is a fault of the program; please report it with what follows");
        failure.printStackTrace(command.getErr());
        return ExitCode.FAILED;
    }

    /** The version in the jar's manifest. */
    static final class Version implements CommandLine.IVersionProvider {
        @Override
        public String[] getVersion() {
            String version = Main.class.getPackage().getImplementationVersion();
            return new String[] {"pgwatch-rpc " + (version == null ? "(from classes)" : version)};
        }
    }
}
