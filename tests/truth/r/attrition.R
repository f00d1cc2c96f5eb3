# Drop-out: data and reference values for tests/truth/test_attrition_against_r.py.
# Run in this folder: Rscript attrition.R (mice 3.15.0)
# Writes attrition_data.csv, attrition_imputed.csv (five completed sets by mice) and attrition.csv.
suppressPackageStartupMessages({
  library(mice)
  library(sandwich)
})

set.seed(20275)
n <- 180
person <- data.frame(
  person = seq_len(n),
  arm = rep(c("programme", "comparison"), n / 2),
  town = sample(sprintf("t%02d", 1:15), n, replace = TRUE),
  age = round(runif(n, 20, 60))
)
y0 <- rnorm(n, 0.5, 0.12)
y6 <- 0.3 + 0.5 * y0 + 0.05 * (person$arm == "programme") + rnorm(n, 0, 0.1)
y12 <- 0.2 + 0.6 * y6 + 0.03 * (person$arm == "programme") + rnorm(n, 0, 0.1)
wide <- cbind(person, y0 = round(y0, 4), y6 = round(y6, 4), y12 = round(y12, 4))
stays6 <- runif(n) < plogis(-0.5 + 3 * wide$y0 + 0.01 * wide$age)
stays12 <- runif(n) < plogis(-1 + 4 * wide$y6)
wide$y6[!stays6] <- NA
wide$y12[!(stays6 & stays12)] <- NA
write.csv(wide, "attrition_data.csv", row.names = FALSE, quote = FALSE)

rows <- list()
keep <- function(model, term, quantity, value) {
  rows[[length(rows) + 1]] <<- data.frame(
    model = model, term = term, quantity = quantity, value = sprintf("%.17g", value)
  )
}

# Weights: a logistic regression for each arm and wave on the score before and age; their product.
tight <- glm.control(epsilon = 1e-14, maxit = 100)
p6 <- p12 <- rep(NA_real_, n)
for (arm in unique(wide$arm)) {
  here <- wide$arm == arm
  one <- glm(!is.na(y6) ~ y0 + age, binomial, wide[here, ], control = tight)
  p6[here] <- fitted(one)
  at_risk <- here & !is.na(wide$y6)
  two <- glm(!is.na(y12) ~ y6 + age, binomial, wide[at_risk, ], control = tight)
  p12[at_risk] <- fitted(two)
}
w6 <- ifelse(is.na(wide$y6), 0, 1 / p6)
w12 <- ifelse(is.na(wide$y12), 0, 1 / (p6 * p12))
for (i in seq_len(n)) {
  keep("weights", wide$person[i], "w6", w6[i])
  keep("weights", wide$person[i], "w12", w12[i])
}

# Errors with the weights known: HC3 and by cluster.
fit_of <- function(wave, weight) {
  data <- wide[weight > 0, ]
  data$w_ <- weight[weight > 0]
  data$y_ <- data[[wave]]
  data$arm <- relevel(factor(data$arm), "comparison")
  lm(y_ ~ y0 + age + arm, data, weights = w_)
}
for (wave in c("y6", "y12")) {
  fit <- fit_of(wave, if (wave == "y6") w6 else w12)
  keep("known", wave, "estimate", coef(fit)[["armprogramme"]])
  keep("known", wave, "std_error", sqrt(vcovHC(fit, "HC3")["armprogramme", "armprogramme"]))
  keep("known by town", wave, "std_error",
       sqrt(vcovCL(fit, model.frame(fit)$`(weights)` * 0 + as.integer(factor(
         wide$town[(if (wave == "y6") w6 else w12) > 0])), type = "HC1")["armprogramme",
                                                                       "armprogramme"]))
}

# Stacked equations, bread by numerical derivatives of all equations at once: two logits an arm and
# the weighted regression at month 12, factor 1 (no small-sample correction).
arms <- unique(wide$arm)
x <- cbind(1, wide$y0, wide$age, wide$arm == "programme")
psi <- function(theta) {
  out <- matrix(0, n, length(theta))
  weight <- rep(1, n)
  at <- 0
  for (step in 1:2) for (arm in arms) {
    z <- cbind(1, if (step == 1) wide$y0 else wide$y6, wide$age)
    here <- wide$arm == arm & (step == 1 | !is.na(wide$y6))
    z[!here, ] <- 0
    p <- plogis(z %*% theta[at + 1:3])[, 1]
    yes <- as.numeric(!is.na(if (step == 1) wide$y6 else wide$y12))
    out[, at + 1:3] <- z * (here * (yes - p))
    weight <- weight * ifelse(here, 1 / p, 1)
    at <- at + 3
  }
  weight[is.na(wide$y12)] <- 0
  e <- ifelse(is.na(wide$y12), 0, wide$y12 - x %*% theta[at + 1:4])
  out[, at + 1:4] <- x * (weight * e)
  out
}
theta <- c()
for (step in 1:2) for (arm in arms) {
  here <- wide$arm == arm & (step == 1 | !is.na(wide$y6))
  data <- wide[here, ]
  data$before <- if (step == 1) data$y0 else data$y6
  data$yes <- !is.na(if (step == 1) data$y6 else data$y12)
  theta <- c(theta, coef(glm(yes ~ before + age, binomial, data, control = tight)))
}
theta <- c(theta, coef(fit_of("y12", w12)))
stopifnot(max(abs(colSums(psi(theta)))) < 1e-8)
bread <- sapply(seq_along(theta), function(k) {
  h <- 1e-5 * max(1, abs(theta[k]))
  up <- down <- theta
  up[k] <- up[k] + h
  down[k] <- down[k] - h
  (colSums(psi(up)) - colSums(psi(down))) / (2 * h)
})
scores <- psi(theta)
towns <- rowsum(scores, wide$town)
sandwich <- function(s) sqrt(diag(solve(bread) %*% crossprod(s) %*% t(solve(bread))))
keep("stacked plain", "y12", "std_error", tail(sandwich(scores), 1))
keep("stacked by town plain", "y12", "std_error", tail(sandwich(towns), 1))

# Five completed sets, analysed by lm, pooled by mice.
imputed <- mice(wide[, c("age", "y0", "y6", "y12")], m = 5, method = "norm", printFlag = FALSE,
                seed = 20276)
long <- complete(imputed, "long")
long$person <- rep(wide$person, 5)
long$arm <- rep(wide$arm, 5)
long <- long[, c(".imp", "person", "arm", "age", "y0", "y6", "y12")]
names(long)[1] <- "set"
long[c("y6", "y12")] <- lapply(long[c("y6", "y12")], round, 6)
write.csv(long, "attrition_imputed.csv", row.names = FALSE, quote = FALSE)
for (wave in c("y6", "y12")) {
  fits <- lapply(1:5, function(s) {
    data <- long[long$set == s, ]
    data$arm <- relevel(factor(data$arm), "comparison")
    data$y_ <- data[[wave]]
    lm(y_ ~ y0 + age + arm, data)
  })
  pooled <- pool(as.mira(fits))$pooled
  for (term in c("y0", "age", "armprogramme")) {
    row <- pooled[pooled$term == term, ]
    for (q in c("estimate", "ubar", "b", "t", "df", "riv", "fmi")) {
      keep(paste("pooled", wave), term, q, row[[q]])
    }
  }
}
write.csv(do.call(rbind, rows), "attrition.csv", row.names = FALSE, quote = FALSE)
