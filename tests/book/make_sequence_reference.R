# R's answers for the tests of optimal matching: utils::adist, the generalised Levenshtein distance, which with one cost
# for any substitution is optimal matching. Usage, from the root of the repository: Rscript tests/book/make_sequence_reference.R
# Needs base R only (made with R 4.2.2).
set.seed(20)
letters_of <- c("F", "A", "K", "R", "h", "p")
one <- function(n) { # months in a state last, as in care
  s <- sample(letters_of, 1)
  for (i in 2:n) s[i] <- if (runif(1) < 0.85) s[i - 1] else sample(letters_of, 1)
  paste(s, collapse = "")
}
texts <- c("FFFFhhhhhhhh", "FFFFFhhhhhhh", "FFFFFFFFFFFF", replicate(12, one(12)), replicate(5, one(9)))
pairs <- t(combn(length(texts), 2))
answer <- data.frame(a = texts[pairs[, 1]], b = texts[pairs[, 2]])
for (cost in list(c(1, 2), c(1, 1), c(1, 1.5), c(2, 1))) {
  costs <- list(ins = cost[1], del = cost[1], sub = cost[2])
  all <- adist(texts, costs = costs, counts = FALSE)
  answer[[sprintf("indel_%g_replace_%g", cost[1], cost[2])]] <- all[pairs]
}
write.csv(answer, "tests/book/sequences/adist.csv", row.names = FALSE, quote = FALSE)
