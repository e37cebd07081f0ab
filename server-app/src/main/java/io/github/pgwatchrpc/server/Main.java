package io.github.pgwatchrpc.server;

import java.util.List;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** Where the program begins: finds the command and turns its result, or its failure, into an exit code. */
@Command(
        name = "pgwatch-rpc",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        description = "The receiver for pgwatch's remote sink.",
        subcommands = {ServeCommand.class, DemoCommand.class, LoadCommand.class, InspectCommand.class},
        footer = {
            "",
            "Without a command it serves. Every option --some-name can also be given as the variable",
            "PGWATCH_RPC_SOME_NAME; see 'pgwatch-rpc COMMAND --help' for the options of a command.",
            "Exit codes: 0 fine, 1 failed while running, 2 wrong usage, 78 wrong configuration."
        })
public final class Main {

    private Main() {}

    /**
     * Runs a command.
     *
     * @param args the command and its options
     */
    public static void main(String[] args) {
        System.exit(run(args, System.getenv()));
    }

    static int run(String[] args, Map<String, String> environment) {
        CommandLine line = new CommandLine(new Main());
        line.setDefaultValueProvider(new Settings(environment, Map.of()));
        line.setUsageHelpAutoWidth(true);
        line.setCaseInsensitiveEnumValuesAllowed(true);
        line.registerConverter(java.time.Duration.class, Durations::parse);
        for (CommandLine each : line.getSubcommands().values()) {
            each.getCommandSpec().mixinStandardHelpOptions(true);
        }
        line.setExecutionExceptionHandler((failure, command, result) -> report(failure, command));
        return line.execute(isServe(args) ? withServe(args) : args);
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
