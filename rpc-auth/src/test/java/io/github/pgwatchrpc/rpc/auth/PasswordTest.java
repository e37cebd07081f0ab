package io.github.pgwatchrpc.rpc.auth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PasswordTest {

    @ParameterizedTest
    @CsvSource({
        "hunter2, fewer than 16 characters",
        "Xq7!kPw2#bnR, fewer than 16 characters",
        "passwordpassword, too few different characters",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, too few different characters",
        "12121212121212121212121212121212, too few different characters",
    })
    void whatIsEasilyGuessedIsNamedWithoutShowingIt(String password, String flaw) {
        String told = Password.weakness(password).orElseThrow();
        assertTrue(told.contains(flaw), told);
        assertTrue(!told.contains(password), told);
    }

    @Test
    void whatAMachineMadeMayDo() {
        Random random = new Random(1);
        for (int i = 0; i < 1000; i++) {
            byte[] bits = new byte[16];
            random.nextBytes(bits);
            assertEquals(
                    java.util.Optional.empty(), Password.weakness(HexFormat.of().formatHex(bits)));
        }
    }
}
