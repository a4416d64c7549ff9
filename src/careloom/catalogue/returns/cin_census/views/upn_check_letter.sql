-- Each UPN of the right shape and the letter it should begin with: the characters from the second to the thirteenth,
-- each times its position, added up; the remainder after 23 counts along the letters from A = 0, without I, O and S.
-- A temporary UPN ends in a letter, which counts the same way.
SELECT DISTINCT UPN, substr('ABCDEFGHJKLMNPQRTUVWXYZ', (
        2 * (strpos('0123456789', substr(UPN, 2, 1)) - 1)
        + 3 * (strpos('0123456789', substr(UPN, 3, 1)) - 1)
        + 4 * (strpos('0123456789', substr(UPN, 4, 1)) - 1)
        + 5 * (strpos('0123456789', substr(UPN, 5, 1)) - 1)
        + 6 * (strpos('0123456789', substr(UPN, 6, 1)) - 1)
        + 7 * (strpos('0123456789', substr(UPN, 7, 1)) - 1)
        + 8 * (strpos('0123456789', substr(UPN, 8, 1)) - 1)
        + 9 * (strpos('0123456789', substr(UPN, 9, 1)) - 1)
        + 10 * (strpos('0123456789', substr(UPN, 10, 1)) - 1)
        + 11 * (strpos('0123456789', substr(UPN, 11, 1)) - 1)
        + 12 * (strpos('0123456789', substr(UPN, 12, 1)) - 1)
        + 13 * (
            CASE WHEN regexp_matches(UPN, '[0-9]$') THEN strpos('0123456789', substr(UPN, 13, 1))
            ELSE strpos('ABCDEFGHJKLMNPQRTUVWXYZ', substr(UPN, 13, 1)) END - 1
        )
    ) % 23 + 1, 1) AS check_letter
FROM ChildIdentifiers
WHERE regexp_matches(UPN, '^.[0-9]{11}[0-9A-HJ-NP-RT-Z]$')
