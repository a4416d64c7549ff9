# R's answers for shared frailty, from tests/book/cox/spells.csv (made by cox/make_cox_data.py), children as groups.
# R's outer search for theta stops early: theta is close, not equal; it is asked to go on as far as it can.
# Usage, from the root of the repository: Rscript tests/book/make_frailty_reference.R
# Needs the R packages survival and jsonlite; the versions used are written into the output.
suppressMessages({library(survival); library(jsonlite)})
spells <- read.csv("tests/book/cox/spells.csv")
tight <- coxph.control(eps = 1e-12, iter.max = 100, outer.max = 100)
spells$need <- factor(spells$need)
answer <- function(dist, ties) {
  fit <- if (dist == "gamma") coxph(Surv(day, event) ~ sex + age + frailty(area_child, dist = "gamma", eps = 1e-9, sparse = FALSE), spells, ties = ties, control = tight)
         else coxph(Surv(day, event) ~ sex + age + frailty(area_child, dist = "gaussian", eps = 1e-9, sparse = FALSE), spells, ties = ties, control = tight)
  h <- fit$history[[1]]
  list(dist = dist, ties = ties, coef = unname(coef(fit)[1:2]), theta = h$theta, c_loglik = h$c.loglik)
}
spells$area_child <- spells$child %/% 4
fixed <- sapply(c(0.1, 0.5, 2), function(theta) {
  fit <- coxph(Surv(day, event) ~ sex + age + frailty(area_child, dist = "gamma", theta = theta, sparse = FALSE), spells, control = tight)
  c(unname(coef(fit)[1:2]), fit$loglik[2])
})
out <- list(made_with = list(R = R.version.string, survival = as.character(packageVersion("survival"))),
            searched = list(answer("gamma", "efron"), answer("gamma", "breslow"), answer("gaussian", "efron")),
            fixed = list(theta = c(0.1, 0.5, 2), answers = t(fixed)))
write(toJSON(out, digits = I(17), auto_unbox = TRUE, null = "null", na = "null"), "tests/book/frailty/reference.json")
