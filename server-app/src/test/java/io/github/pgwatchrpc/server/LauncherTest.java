package io.github.pgwatchrpc.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The script that people start: which Java it takes, and with what. The Java here prints its arguments, a line each. */
class LauncherTest {

    private final Path home;
    private final Path script;

    LauncherTest(@TempDir Path directory) {
        home = directory.resolve("jdk");
        script = directory.resolve("pgwatch-rpc");
    }

    @BeforeEach
    void makeACheckoutThatIsBuilt() throws IOException {
        Path target = script.resolveSibling("server-app").resolve("target");
        Files.createDirectories(target);
        Files.createFile(target.resolve("pgwatch-rpc-server.jar"));
        Files.copy(Path.of("..", "pgwatch-rpc"), script);
    }

    @Test
    void ownOptionsStandBehindTheScripts() throws Exception {
        java("17.0.9");
        List<String> arguments = run(Map.of("PGWATCH_RPC_JAVA_OPTS", "-Xmx2g -Da=b"), "serve", "--sink", "a b");
        assertTrue(arguments.indexOf("-Xmx2g") > arguments.indexOf("-Xmx768m"), arguments::toString);
        assertEquals(
                List.of("-Xmx2g", "-Da=b", "-jar", jar(), "serve", "--sink", "a b"),
                arguments.subList(arguments.indexOf("-Xmx2g"), arguments.size()));
    }

    @Test
    void theVersionIsReadFromTheReleaseOfTheJdkOrAskedOfTheJava() throws Exception {
        java("17.0.9");
        run(Map.of());
        assertTrue(Files.deleteIfExists(asked()), "no release file");
        Files.writeString(home.resolve("release"), "IMPLEMENTOR=\"x\"\nJAVA_VERSION=\"25\"\nJAVA_VERSION_DATE=\"y\"\n");
        run(Map.of());
        assertFalse(Files.exists(asked()), "asked despite of a release file");
        Files.writeString(home.resolve("release"), "IMPLEMENTOR=\"x\"\n");
        run(Map.of());
        assertTrue(Files.deleteIfExists(asked()), "a release file without version");
    }

    /** Up to Java 24 eight threads that compress can starve another of memory that is there; Java 25 knows the option no more. */
    @Test
    void memoryIsTriedForOftenWhereCompressingHoldsTheCollectorUp() throws Exception {
        java("24");
        assertTrue(run(Map.of()).contains("-XX:GCLockerRetryAllocationCount=1000"));
        java("25");
        assertFalse(run(Map.of()).contains("-XX:GCLockerRetryAllocationCount=1000"));
    }

    @Test
    void theMachineEndsWhenItsHeapIsFull() throws Exception {
        java("17.0.9");
        assertTrue(run(Map.of()).containsAll(List.of("-XX:+ExitOnOutOfMemoryError", "-XX:+DisplayVMOutputToStderr")));
    }

    @Test
    void javaThatIsTooOldIsRefused() throws Exception {
        java("11.0.2");
        assertRefused("is Java 11 (expected: 17 or later)");
        java("17.0.9");
        Files.writeString(home.resolve("release"), "JAVA_VERSION=\"1.8.0_400\"\n");
        assertRefused("is Java 1 (expected: 17 or later)");
    }

    @Test
    void loadedClassesAreArchivedForEachJavaApart() throws Exception {
        java("17.0.9");
        Files.writeString(home.resolve("release"), "JAVA_VERSION=\"25\"\nIMPLEMENTOR=\"one\"\n");
        String first = archive(run(Map.of()), "-XX:ArchiveClassesAtExit=");
        Files.createFile(Path.of(first));
        assertEquals(first, archive(run(Map.of()), "-XX:SharedArchiveFile="));
        Files.writeString(home.resolve("release"), "JAVA_VERSION=\"25\"\nIMPLEMENTOR=\"another\"\n");
        assertNotEquals(first, archive(run(Map.of()), "-XX:ArchiveClassesAtExit="));
    }

    private static String archive(List<String> arguments, String option) {
        return arguments.stream()
                .filter(each -> each.startsWith(option))
                .map(each -> each.substring(option.length()))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no " + option + " in " + arguments));
    }

    /** What stands for a Java, of such a version. */
    private void java(String version) throws IOException {
        Path java = home.resolve("bin").resolve("java");
        Files.createDirectories(java.getParent());
        Files.writeString(java, """
                #!/bin/sh
                if [ "$1" = -version ]; then
                  touch "$0.asked"
                  echo 'openjdk version "%s" 2025-01-01' >&2
                else
                  printf '%%s\\n' "$@"
                fi
                """.formatted(version));
        Files.setPosixFilePermissions(java, PosixFilePermissions.fromString("rwx------"));
    }

    private Path asked() {
        return home.resolve("bin").resolve("java.asked");
    }

    private String jar() {
        return script.resolveSibling("server-app/target/pgwatch-rpc-server.jar").toString();
    }

    /** Runs the script to its end, and gives the arguments that Java got. */
    private List<String> run(Map<String, String> environment, String... words) throws Exception {
        Process process = start(environment, words);
        List<String> lines = process.inputReader().lines().toList();
        assertEquals(0, process.waitFor(), () -> String.join("\n", lines));
        return lines;
    }

    private void assertRefused(String why) throws Exception {
        Process process = start(Map.of());
        String said = String.join("\n", process.inputReader().lines().toList());
        assertEquals(78, process.waitFor(), said);
        assertTrue(said.contains(why), said);
    }

    private Process start(Map<String, String> environment, String... words) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(script.toString());
        builder.command().addAll(List.of(words));
        builder.environment().remove("PGWATCH_RPC_JAVA_OPTS");
        builder.environment().put("JAVA_HOME", home.toString());
        builder.environment().putAll(environment);
        return builder.redirectErrorStream(true).start();
    }
}
