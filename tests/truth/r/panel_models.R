# Panel models: reference values for tests/truth/test_panel_models_against_r.py.
# Run in this folder: Rscript panel_models.R
# Reads panel_data.csv (of panel.R), writes panel_models.csv.
suppressPackageStartupMessages({
  library(plm)
  library(sandwich)
  library(clubSandwich)
  library(lme4)
  library(geepack)
  library(survival)
})

data <- read.csv("panel_data.csv")
data <- data[order(data$person, data$wave), ]
data$town <- as.integer(sub("m", "", data$municipality))
# Persons with slopes of their own, towns with levels of their own, and a ceiling.
data$sloped <- data$score + 0.004 * data$wave * (data$person %% 7 - 3)
data$towned <- data$score + 0.03 * (data$town - 6.5)
data$capped <- pmin(data$score, 0.9)
data$programme <- as.numeric(data$arm == "programme")
for (wave in c(6, 12, 24)) data[[paste0("w", wave)]] <- as.numeric(data$wave == wave)
names_of <- c("(Intercept)" = "Intercept", programme = "arm[programme]", income = "income",
              age = "age", w6 = "wave[6]", w12 = "wave[12]", w24 = "wave[24]")

rows <- list()
keep <- function(model, term, estimate, std_error = NA, df = NA) {
  bare <- ifelse(term %in% names(names_of), names_of[term], term)
  rows[[length(rows) + 1]] <<- data.frame(
    model = model, term = unname(bare), estimate = sprintf("%.17g", estimate),
    std_error = sprintf("%.17g", std_error), df = sprintf("%.17g", df)
  )
}
keep_fit <- function(model, estimate, v) keep(model, names(estimate), estimate, sqrt(diag(v)))
# The factor of evalkit for errors by cluster, on a sandwich without any.
factor_of <- function(n, k, g) g / (g - 1) * (n - 1) / (n - k)

n <- nrow(data)
index <- pdata.frame(data, index = c("person", "wave"))
terms <- score ~ programme + income + age + w6 + w12 + w24
g <- length(unique(data$person))
towns <- length(unique(data$municipality))

# Pooled.
pooled <- lm(terms, data)
k <- length(coef(pooled))
keep_fit("pooled unadjusted", coef(pooled), vcov(pooled))
keep_fit("pooled by person", coef(pooled), factor_of(n, k, g) *
  vcovCL(pooled, data$person, type = "HC0", cadjust = FALSE))
keep_fit("pooled by municipality", coef(pooled), factor_of(n, k, towns) *
  vcovCL(pooled, data$municipality, type = "HC0", cadjust = FALSE))
weighted <- lm(terms, data, weights = weight)
keep_fit("pooled weighted by person", coef(weighted), factor_of(n, k, g) *
  vcovCL(weighted, data$person, type = "HC0", cadjust = FALSE))
keep("pooled weighted log-likelihood", "all", as.numeric(logLik(weighted)))
plain <- plm(terms, index, model = "pooling")
scc <- vcovSCC(plain, type = "HC0", maxlag = 1)
keep_fit("pooled driscoll_kraay", coef(plain), scc)
for (type in c("CR2", "CR3")) {
  v <- vcovCR(pooled, cluster = data$municipality, type = type)
  share <- if (type == "CR3") (towns - 1) / towns else 1
  df <- coef_test(pooled, vcov = v, test = "Satterthwaite")$df
  keep(paste("pooled", type), names(coef(pooled)), coef(pooled), sqrt(share * diag(as.matrix(v))),
       if (type == "CR2") df else towns - 1)
}

# Two-way effects with corrected errors: dummies, singletons dropped first.
size <- table(data$person)
used <- data[data$person %in% names(size)[size > 1], ]
two <- lm(score ~ 0 + income + factor(person) + factor(wave), used)
for (cluster in c("municipality", "person")) {
  v <- vcovCR(two, cluster = used[[cluster]], type = "CR2")
  df <- coef_test(two, vcov = v, test = "Satterthwaite", coefs = "income")$df
  keep(paste("twoways CR2 by", cluster), "income", coef(two)["income"],
       sqrt(as.matrix(v)["income", "income"]), df)
  # CR3 as what it is, the jackknife over clusters.
  levels <- unique(used[[cluster]])
  left_out <- sapply(levels, function(level) {
    coef(lm(formula(two), used[used[[cluster]] != level, ]))["income"]
  })
  keep(paste("twoways CR3 by", cluster), "income", coef(two)["income"],
       sqrt((length(levels) - 1) / length(levels) * sum((left_out - coef(two)["income"])^2)),
       length(levels) - 1)
}

# Random effects by Swamy and Arora.
random <- plm(terms, index, model = "random", random.method = "swar")
keep_fit("random unadjusted", coef(random), vcov(random))
# vcovHC of plm does not take these objects; the sandwich is of the rows that plm transformed.
on_transformed <- function(fit) {
  moved <- unclass(model.matrix(fit))
  attr(moved, "assign") <- attr(moved, "index") <- NULL
  lm(as.numeric(pmodel.response(fit)) ~ moved - 1)
}
moved <- on_transformed(random)
stopifnot(all.equal(unname(coef(moved)), unname(coef(random)), tolerance = 1e-10))
keep("random by person", names(coef(random)), coef(random), sqrt(factor_of(n, k, g) *
  diag(vcovCL(moved, data$person, type = "HC0", cadjust = FALSE))))
parts <- ercomp(random)$sigma2
keep("random unadjusted", c("sd(person)", "sd(residual)"),
     c(sqrt(parts["id"]), sqrt(parts["idios"])))

# Other estimators of the variance components, for the table in docs/conventions.md.
for (method in c("swar", "walhus", "amemiya", "nerlove")) {
  fit <- plm(score ~ income, index, model = "random", random.method = method)
  spread <- ercomp(fit)$sigma2
  keep(paste("components", method), c("income", "sd(person)", "sd(residual)"),
       c(coef(fit)["income"], sqrt(spread["id"]), sqrt(spread["idios"])))
}

# Between.
between <- plm(score ~ programme + income + age, index, model = "between")
keep_fit("between unadjusted", coef(between), vcov(between))
means <- aggregate(cbind(score, programme, income, age) ~ person, data, mean)
of_means <- lm(score ~ programme + income + age, means)
keep_fit("between by person", coef(of_means), vcovHC(of_means, type = "HC1"))

# First differences of consecutive rows, gaps or not.
fd <- plm(score ~ income + w6 + w12 + w24 - 1, index, model = "fd")
changes <- nrow(used) - length(unique(used$person))
g_used <- length(unique(used$person))
keep_fit("differences unadjusted", coef(fd), vcov(fd))
changed <- on_transformed(fd)
is_later <- duplicated(data$person)
keep("differences by person", names(coef(fd)), coef(changed),
     sqrt(factor_of(changes, length(coef(fd)), g_used) *
       diag(vcovCL(changed, data$person[is_later], type = "HC0", cadjust = FALSE))))
with_constant <- plm(score ~ income, index, model = "fd")
keep_fit("differences with intercept", coef(with_constant), vcov(with_constant))
keep("differences", "n_row", changes)

# Hausman's tests.
varying <- score ~ income + w6 + w12 + w24
fixed <- plm(varying, index, model = "within")
random_varying <- plm(varying, index, model = "random", random.method = "swar")
classic <- phtest(fixed, random_varying)
keep("hausman classic", "all", classic$statistic, NA, classic$parameter)
# The auxiliary regression written out: transformed rows, with the within columns beside them.
aux <- data.frame(
  y = as.numeric(pmodel.response(random_varying)),
  unclass(model.matrix(random_varying)),
  setNames(as.data.frame(unclass(model.matrix(fixed))), paste0("in_", names(coef(fixed))))
)
auxiliary <- lm(y ~ . - 1, aux)
inside <- grep("^in_", names(coef(auxiliary)))
v <- factor_of(n, length(coef(auxiliary)), g) *
  vcovCL(auxiliary, data$person, type = "HC0", cadjust = FALSE)
b <- coef(auxiliary)[inside]
keep("hausman robust", "all", drop(t(b) %*% solve(v[inside, inside], b)), NA, length(inside))

# Mundlak's regression.
for (name in c("income", "w6", "w12", "w24")) {
  data[[paste0("m_", name)]] <- ave(data[[name]], data$person)
}
answers <- ave(data$score, data$person, FUN = length)
theta <- 1 - sqrt(parts[["idios"]] / (answers * parts[["id"]] + parts[["idios"]]))
less <- function(x) x - theta * ave(x, data$person)
wide <- model.matrix(~ programme + income + age + w6 + w12 + w24 + m_income + m_w6 + m_w12 + m_w24,
                     data)
with_means <- apply(wide, 2, less)
mundlak <- lm(less(data$score) ~ with_means - 1)
v <- factor_of(n, ncol(with_means), g) *
  vcovCL(mundlak, data$person, type = "HC0", cadjust = FALSE)
label <- c(names_of[colnames(wide)[1:7]], "mean(income)", "mean(wave[6])", "mean(wave[12])",
           "mean(wave[24])")
keep("mundlak by person", label, coef(mundlak), sqrt(diag(v)))
means_of <- 8:11
keep("mundlak test", "all",
     drop(t(coef(mundlak)[means_of]) %*% solve(v[means_of, means_of], coef(mundlak)[means_of])),
     NA, 4)

# Mixed models.
tight <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-10, maxfun = 1e5),
                     calc.derivs = FALSE)
mixed <- function(model, formula, reml, deviations) {
  fit <- lmer(formula, data, REML = reml, control = tight)
  keep_fit(model, fixef(fit), as.matrix(vcov(fit)))
  keep(paste(model, "log-likelihood"), "all", as.numeric(logLik(fit)))
  spread <- as.data.frame(VarCorr(fit))
  keep(model, deviations, spread$sdcor)
  invisible(fit)
}
mixed("intercept REML", score ~ programme + income + age + w6 + w12 + w24 + (1 | person), TRUE,
      c("sd(person)", "sd(residual)"))
mixed("intercept ML", score ~ programme + income + age + w6 + w12 + w24 + (1 | person), FALSE,
      c("sd(person)", "sd(residual)"))
mixed("slope REML", sloped ~ programme + income + age + w6 + w12 + w24 + (1 + wave | person), TRUE,
      c("sd(person)", "sd(wave)", "correlation", "sd(residual)"))
nested <- mixed("nested REML",
                towned ~ programme + income + age + w6 + w12 + w24 + (1 | person) + (1 | town),
                TRUE, c("sd(person)", "sd(unit)", "sd(residual)"))
of_towns <- ranef(nested, condVar = TRUE)$town
keep("town", sprintf("m%02d", as.integer(rownames(of_towns))), of_towns[[1]],
     sqrt(drop(attr(of_towns, "postVar"))))

# Estimating equations.
equations <- geeglm(terms, data = data, id = person, corstr = "exchangeable",
                    control = geese.control(epsilon = 1e-14, maxit = 200))
keep("gee by person", names(coef(equations)), coef(equations),
     sqrt(factor_of(n, k, g) * diag(equations$geese$vbeta)))
keep("gee by person", "correlation", unname(equations$geese$alpha))

# A ceiling at 0.9.
sharp <- survreg.control(rel.tolerance = 1e-14, toler.chol = 1e-14, maxiter = 200)
data$reached <- Surv(data$capped, data$capped < 0.9, type = "right")
tobit <- survreg(reached ~ programme + income + age + w6 + w12 + w24, data, dist = "gaussian",
                 control = sharp)
keep_fit("tobit unadjusted", coef(tobit), vcov(tobit)[1:k, 1:k])
keep("tobit unadjusted", "sd(residual)", tobit$scale)
keep("tobit log-likelihood", "all", tobit$loglik[2])
robust <- survreg(reached ~ programme + income + age + w6 + w12 + w24 + cluster(person), data,
                  dist = "gaussian", control = sharp)
keep_fit("tobit by person", coef(robust), factor_of(n, k, g) * vcov(robust)[1:k, 1:k])

data$at <- as.numeric(data$capped == 0.9)
above <- glm(at ~ programme + income + age + w6 + w12 + w24, binomial, data,
             control = glm.control(epsilon = 1e-14, maxit = 100))
below <- lm(capped ~ programme + income + age + w6 + w12 + w24, data[data$at == 0, ])
influence_above <- estfun(above) %*% bread(above) / n
influence_below <- matrix(0, n, k)
influence_below[data$at == 0, ] <- estfun(below) %*% bread(below) / nobs(below)
sums <- rowsum(cbind(influence_above, influence_below), data$person)
v <- factor_of(n, k, g) * crossprod(sums)
both <- c(coef(above), coef(below))
x <- model.matrix(above)
keep("two parts", paste0("ceiling[", names_of[colnames(x)], "]"), both[1:k], sqrt(diag(v))[1:k])
keep("two parts", paste0("below[", names_of[colnames(x)], "]"), both[k + 1:k],
     sqrt(diag(v))[k + 1:k])
mean_of <- function(theta, x) {
  p <- plogis(drop(x %*% theta[1:k]))
  p * 0.9 + (1 - p) * drop(x %*% theta[k + 1:k])
}
effect <- function(theta, name) {
  if (all(x[, name] %in% c(0, 1))) {
    one <- zero <- x[x[, name] == 1, ]
    zero[, name] <- 0
    return(mean(mean_of(theta, one) - mean_of(theta, zero)))
  }
  up <- down <- x
  up[, name] <- x[, name] + 1e-4
  down[, name] <- x[, name] - 1e-4
  mean(mean_of(theta, up) - mean_of(theta, down)) / 2e-4
}
for (name in colnames(x)[-1]) {
  slope <- sapply(seq_along(both), function(j) {
    step <- 1e-5 * (seq_along(both) == j)
    (effect(both + step, name) - effect(both - step, name)) / 2e-5
  })
  keep("two parts", sprintf("mean[%s]", names_of[name]), effect(both, name),
       sqrt(drop(t(slope) %*% v %*% slope)))
}

write.csv(do.call(rbind, rows), "panel_models.csv", row.names = FALSE, quote = FALSE)
