# R's answers for Fine and Gray's model, from tests/book/cox/spells.csv (made by cox/make_cox_data.py). An event of every
# third child is of another cause. survival expands the rows (finegray) and takes the weights as known; cmprsk (crr) allows
# for their estimation. crr's own stopping rule is loose: it is told to go on.
# Usage, from the root of the repository: Rscript tests/book/make_fine_gray_reference.R
# Needs the R packages survival, cmprsk and jsonlite; the versions used are written into the output.
suppressMessages({library(survival); library(cmprsk); library(jsonlite)})
spells <- read.csv("tests/book/cox/spells.csv")
spells$cause <- ifelse(spells$event == 1, ifelse(spells$child %% 3 == 0, 2, 1), 0)
spells$ended <- factor(spells$cause, 0:2)
spells$row <- seq_len(nrow(spells))
tight <- coxph.control(eps = 1e-13, toler.chol = 1e-14, iter.max = 60)

answers <- function(data, day, of, ties, strata = FALSE) {
  data$day <- data[[day]]
  formula <- if (strata) Surv(day, ended) ~ sex + age + area + row + strata(area) else Surv(day, ended) ~ sex + age + area + row
  long <- finegray(formula, data, etype = as.character(of))
  model <- if (strata) Surv(fgstart, fgstop, fgstatus) ~ sex + age + strata(area) else Surv(fgstart, fgstop, fgstatus) ~ sex + age
  plain <- coxph(model, long, weights = fgwt, ties = ties, control = tight, robust = FALSE)
  robust <- coxph(model, long, weights = fgwt, ties = ties, control = tight, cluster = row)
  list(day = day, of = of, ties = ties, strata = strata, coef = unname(coef(plain)), covariance = plain$var,
       robust = robust$var, loglik = plain$loglik)
}
cases <- list()
for (day in c("day", "quarters")) for (of in 1:2) for (ties in c("efron", "breslow")) cases <- c(cases, list(answers(spells, day, of, ties)))
cases <- c(cases, list(answers(spells, "day", 1, "efron", TRUE), answers(spells, "day", 2, "breslow", TRUE)))
censoring <- lapply(1:2, function(of) {
  fit <- crr(spells$day + spells$row / 1000, spells$cause, cbind(spells$sex, spells$age), failcode = of, gtol = 1e-12, maxiter = 100)
  list(of = of, coef = unname(fit$coef), covariance = fit$var)
})
out <- list(made_with = list(R = R.version.string, survival = as.character(packageVersion("survival")), cmprsk = as.character(packageVersion("cmprsk"))),
            cases = cases, crr = censoring)
write(toJSON(out, digits = I(17), auto_unbox = TRUE, null = "null", na = "null"), "tests/book/fine_gray/reference.json")
