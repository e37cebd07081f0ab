package io.github.pgwatchrpc.server;

import io.github.pgwatchrpc.rpc.tls.AuthorityCertificate;
import io.github.pgwatchrpc.rpc.tls.TlsException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
        name = "cert",
        description =
                "Prints where the certificate of the receiver's authority lies, and its fingerprint, to compare where"
                        + " it was copied to.")
final class CertCommand implements Callable<Integer> {

    @Option(
            names = "--data-dir",
            paramLabel = "DIR",
            defaultValue = "./pgwatch-rpc-data",
            description = "the receiver's own files (default: ${DEFAULT-VALUE})")
    private Path dataDir = Path.of("./pgwatch-rpc-data");

    @Option(
            names = "--listen",
            paramLabel = "HOST:PORT",
            defaultValue = ServeOptions.DEFAULT_LISTEN,
            description = "where the receiver listens, for the lines (default: ${DEFAULT-VALUE})")
    private String listen = ServeOptions.DEFAULT_LISTEN;

    @Spec
    private CommandSpec spec;

    @SuppressWarnings("NullAway") // picocli sets the specification
    CertCommand() {}

    @Override
    public Integer call() throws ConfigException {
        Path file = dataDir.toAbsolutePath().normalize().resolve("tls").resolve("ca.crt");
        try {
            AuthorityCertificate authority = AuthorityCertificate.read(file);
            PrintWriter out = spec.commandLine().getOut();
            String receiver = Addresses.reachable(Addresses.parse("--listen", listen));
            out.println("certificate of the authority in " + authority.file());
            out.println("  SHA-256      " + authority.sha256());
            out.println("  valid until  " + authority.notAfter());
            out.println("where it was copied to, this prints the same:");
            out.println("  openssl x509 -noout -fingerprint -sha256 -in ca.crt");
            out.println("pgwatch takes it as");
            out.println("  4 and later          PW_SINK=\"grpc://" + receiver + "/?sslrootca=ca.crt\"");
            out.println("  3.6, 3.7             PW_SINK=\"rpc://" + receiver + "?sslrootca=ca.crt\"");
            out.flush();
            return ExitCode.FINE;
        } catch (TlsException e) {
            throw new ConfigException(String.valueOf(e.getMessage()), e.hint(), e);
        }
    }
}
